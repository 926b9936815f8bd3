"""How the log is written: lines for people, or JSON for machines, both with the request's id.

What is never logged: pictures, keys, headers, query strings, paths as they came.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal

from pythonjsonlogger.json import JsonFormatter

from serving import tracing

Style = Literal["text", "json"]

_WRONG: Final = 400
_ACCESS: Final = logging.getLogger("celmood.access")
_TEXT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
_REQUEST: ContextVar[str | None] = ContextVar("celmood_request", default=None)


def configure(style: Style, *, access: bool) -> None:
    """Write all logs of this process to stderr in this style; with `access`, all requests too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_with_ids)
    handler.setFormatter(_json() if style == "json" else logging.Formatter(_TEXT))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    _ACCESS.setLevel(logging.INFO if access else logging.WARNING)


@contextmanager
def naming(request_id: str) -> Iterator[None]:
    """Within the block, also in its threads, each line of the log has the request's id."""
    token = _REQUEST.set(request_id)
    try:
        yield
    finally:
        _REQUEST.reset(token)


def access(method: str, route: str, status: int, outcome: str, seconds: float, sent: int) -> None:
    """A line for an answered request; `route` is a template, `sent` the bytes of the answer.

    Probes and scrapes have one only when something is wrong.
    """
    if route in tracing.UNTRACED and status < _WRONG:
        return
    facts = {
        "method": method,
        "route": route,
        "status": status,
        "outcome": outcome,
        "seconds": round(seconds, 6),
        "sent": sent,
    }
    told = "%s %s %d %s in %.3f s, %d bytes"
    _ACCESS.info(told, method, route, status, outcome, seconds, sent, extra=facts)


def _json() -> logging.Formatter:
    return JsonFormatter(
        ["levelname", "name", "message"],
        rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
        timestamp="time",
    )


def _with_ids(record: logging.LogRecord) -> bool:
    """Give the record the ids of the request and the trace in which it was made."""
    request_id = _REQUEST.get()
    if request_id is not None:
        record.request_id = request_id
    vars(record).update(tracing.ids())
    return True
