"""Around every request: its id, its trace, its figures, its line in the log, and an answer also
where an error was not foreseen.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import logs, tracing
from serving.metrics import Metrics
from serving.problems import answer, problem_of

REQUEST_ID: Final = "X-Request-Id"
_GOOD_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_log = logging.getLogger("celmood")


class Watch:
    """ASGI middleware. A caller's X-Request-Id is kept when it is a plain word.

    While `closing` says so, every answer asks the caller to close its connection.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, closing: Callable[[], bool]) -> None:
        self._app = app
        self._metrics = metrics
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(REQUEST_ID, "")
        request_id = given if _GOOD_ID.fullmatch(given) else uuid.uuid4().hex
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        with tracing.joined(headers), logs.naming(request_id):
            tracing.mark(request_id=request_id)
            await self._watch(scope, receive, send, request_id)

    async def _watch(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        start = time.perf_counter()
        state: dict[str, Any] = scope["state"]
        status = sent = 0

        async def send_with_ids(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                headers.update(tracing.outgoing())
                if self._closing():
                    headers["Connection"] = "close"
            sent += len(message.get("body", b""))
            await send(message)

        self._metrics.under_way.inc()
        try:
            await self._app(scope, receive, send_with_ids)
        except Exception as error:
            _log.exception("request %s failed", request_id)
            state["outcome"] = "internal-error"
            if status == 0:
                await answer(problem_of(error), request_id)(scope, receive, send_with_ids)
        finally:
            self._metrics.under_way.dec()
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            outcome = state.get("outcome", "ok" if 0 < status < 400 else "refused")
            seconds = time.perf_counter() - start
            self._metrics.observe_request(route, method, status, outcome, seconds)
            logs.access(method, route, status, outcome, seconds, sent)
