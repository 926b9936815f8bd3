"""Headers that every answer has: what a browser must not do with it, and that it is not kept.

A route that knows better sets a header itself: what is there stays.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Pictures are their owners' own, so by default nobody on the way keeps an answer."""

HSTS: Final = {"Strict-Transport-Security": "max-age=63072000"}
"""Two years of TLS only; for a gateway behind TLS."""


class SecurityHeaders:
    """ASGI middleware, outside of all others, so that their answers have the headers too."""

    def __init__(self, app: ASGIApp, behind_tls: bool) -> None:
        self._app = app
        self._headers = HEADERS | (HSTS if behind_tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
