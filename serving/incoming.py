"""What comes in on a connection: heads and pauses that have an end, whatever the caller does.

uvicorn counts neither bytes nor seconds of a head, so that a stranger could fill the memory with
one header. A body is bounded by who reads it: `serving.visit` in time, `serving.fields` in bytes.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any, Final, Literal

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from serving.problems import BAD_REQUEST, CLOSING, ProblemError, answer
from serving.security.headers import HEADERS

HEAD_BYTES: Final = 2**16
"""Of a request's line and headers; of what stands before a chunk of its body, or behind the last.

What is read at once, a quarter of a megabyte at most, may come on top.
"""
HEAD_S: Final = 30.0
"""In which a head has come, and what is left of a body that was answered early."""

LINGER_S: Final = 3.0
"""In which a body has come that is still coming when the gateway ends."""
MOST_AHEAD: Final = 16
"""Requests that may come on one connection before the one in work is answered."""

_UPGRADE: Final = b"upgrade"
_UNREADABLE: Final = ProblemError(
    BAD_REQUEST, "this cannot be read as HTTP/1.1; send a request of that form"
)
_TOO_LONG: Final = ProblemError(
    BAD_REQUEST, f"the head has more than {HEAD_BYTES:,} bytes; send fewer headers"
)
_CLOSING: Final = ProblemError(
    CLOSING,
    "this gateway is shutting down; send the request again in 5 s, to another one if you know one",
    headers={"Retry-After": "5"},
)
_log = logging.getLogger("celmood")


class _TooManyError(Exception):
    """More requests have come than one connection may have open."""


class Incoming(HttpToolsProtocol):
    """HTTP/1.1. No other protocol is changed to: who asks for one is answered in this one.

    A connection on which nothing is asked for ends when it would if kept alive.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._coming: Literal["head", "body"] | None = None
        self._in_work: RequestResponseCycle | None = None
        self._beside = 0
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._end_in(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._go_on()
        self._leave()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._beside += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_again(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(_UNREADABLE)
        else:
            if self._beside > HEAD_BYTES:
                self._refuse(_TOO_LONG)

    def shutdown(self) -> None:
        """All accepted work has ended: who is still sending a request has not long for the rest."""
        super().shutdown()
        if self._coming == "body" and self._unanswered() == [self.cycle]:
            self._end_in(LINGER_S, self._close_early)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._coming = "head"
        self._end_in(HEAD_S)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._coming == "head":  # what comes behind a body is passed over
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._beside = 0
        if any(name == _UPGRADE for name, _ in self.headers) and self.parser.should_upgrade():
            return
        if len(self.pipeline) >= MOST_AHEAD:
            raise _TooManyError
        self._coming = "body"
        self._go_on()
        super().on_headers_complete()
        if not self.pipeline:
            self._in_work = self.cycle

    def on_chunk_header(self) -> None:
        """The size of a chunk has come, and with the last one the body; the parser says so."""
        self._beside = 0

    def on_body(self, body: bytes) -> None:
        self._beside -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._coming == "head":  # which is read again
            return
        self._beside = 0
        self._coming = None
        self._go_on()
        super().on_message_complete()
        if self.cycle.response_complete:
            self._end_in(self.timeout_keep_alive)

    def on_response_complete(self) -> None:
        following = self.pipeline[-1][0] if self.pipeline else None
        super().on_response_complete()
        self._in_work = following
        if self.cycle.response_complete and self._coming != "head":
            self._end_in(HEAD_S if self._coming == "body" else self.timeout_keep_alive)

    def _read_again(self, rest: bytes) -> None:
        """Read the head without its wish for another protocol: with it, no body would be read."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version)]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != _UPGRADE]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self._beside = 0
        self.data_received(b"\r\n".join([*lines, b"", rest]))

    def _close_early(self) -> None:
        self._refuse(_CLOSING)

    def _refuse(self, problem: ProblemError) -> None:
        """End the connection, with an answer where that cannot be taken for another's."""
        if self.transport.is_closing():
            return
        open_ = self._unanswered()
        about_it = (
            open_ == [self.cycle] and self._coming == "body" and not open_[0].response_started
        )
        if not open_ or about_it:
            self.transport.write(self._answer(problem))
        self._leave()
        self.transport.close()
        _log.info("a connection is ended: %s", problem)

    def _leave(self) -> None:
        """Tell all whose answers nobody reads any more."""
        for cycle in self._unanswered():
            cycle.disconnected = True
            cycle.message_event.set()

    def _unanswered(self) -> list[RequestResponseCycle]:
        cycles = [*filter(None, [self._in_work]), *(cycle for cycle, _ in self.pipeline)]
        return [cycle for cycle in cycles if not cycle.response_complete]

    def _answer(self, problem: ProblemError) -> bytes:
        request_id = uuid.uuid4().hex
        response = answer(problem, request_id)
        response.headers.update({**HEADERS, "X-Request-Id": request_id, "Connection": "close"})
        headers = [*self.server_state.default_headers, *response.raw_headers]
        lines = [b"%b: %b" % header for header in headers]
        head = STATUS_LINE[response.status_code] + b"\r\n".join(lines)
        return head + b"\r\n\r\n" + bytes(response.body)

    def _end_in(self, seconds: float, end: Callable[[], None] | None = None) -> None:
        """End the connection after so many seconds, if nothing comes of it before."""
        self._go_on()
        self._end = self.loop.call_later(seconds, end or self.transport.close)

    def _go_on(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
