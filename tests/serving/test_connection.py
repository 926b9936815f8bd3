from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from serving import connection
from serving.connection import LEAST, PATIENCE_S, Connection
from tests.live import running

PIECE = bytes(2**20)
PIECES = 64
"""More than the buffers of a connection hold."""


class Sender:
    """An app with a long answer; `ended` is set when all of it was sent, or nobody reads it."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        length = str(PIECES * len(PIECE)).encode()
        head = [(b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for n in range(PIECES):
            more = n < PIECES - 1
            await send({"type": "http.response.body", "body": PIECE, "more_body": more})
        self.ended.set()


def test_who_does_not_read_loses_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE_S", 0.2)
    app = Sender()
    with running(app) as client, socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        line.connect((client.base_url.host, client.base_url.port))
        line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(15) == b"HTTP/1.1 200 OK"
        assert app.ended.wait(30)
        read = 0
        try:
            while part := line.recv(2**20):
                read += len(part)
        except ConnectionResetError:
            pass
        assert read < PIECES * len(PIECE)


def test_who_reads_gets_all_of_it() -> None:
    app = Sender()
    with running(app) as client:
        assert len(client.get("/").content) == PIECES * len(PIECE)
        assert app.ended.is_set()


class Clock:
    """A loop that does later what it was told when `pass_time` is called."""

    def __init__(self) -> None:
        self.due: list[tuple[float, asyncio.TimerHandle]] = []

    def call_later(self, delay: float, do: Callable[..., Any], *given: Any) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(0.0, do, given, self)  # type: ignore[arg-type]
        self.due.append((delay, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self.due = [each for each in self.due if each[1] is not handle]

    def get_debug(self) -> bool:
        return False

    def watching(self) -> list[tuple[float, asyncio.TimerHandle]]:
        """What waits for a caller to read; the others wait for one to write."""
        return [each for each in self.due if each[0] == PATIENCE_S]

    def pass_time(self) -> None:
        (each,) = self.watching()
        self.due.remove(each)
        each[1]._run()


class Line:
    """A transport that keeps `held` bytes."""

    def __init__(self) -> None:
        self.held = 3 * LEAST
        self.aborted = False
        self.high = -1

    def get_extra_info(self, name: str) -> None:
        return None

    def set_write_buffer_limits(self, high: int) -> None:
        self.high = high

    def get_write_buffer_size(self) -> int:
        return self.held

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        pass


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def paused(clock: Clock, line: Line) -> Connection:
    """A connection whose caller does not keep up."""
    config = Config(Sender(), ws="none")
    one = Connection(config, ServerState(), {}, _loop=clock)
    one.connection_made(line)  # type: ignore[arg-type]
    assert line.high == 0
    one.pause_writing()
    return one


def test_who_takes_a_megabyte_in_time_is_waited_for(
    paused: Connection, clock: Clock, line: Line
) -> None:
    for _ in range(2):
        line.held -= LEAST
        clock.pass_time()
        assert not line.aborted
    line.held -= LEAST - 1
    clock.pass_time()
    assert line.aborted


@pytest.mark.parametrize("end", ["read", "left"])
def test_who_has_read_or_left_is_not_waited_for(paused: Connection, clock: Clock, end: str) -> None:
    if end == "read":
        paused.resume_writing()
    else:
        paused.connection_lost(None)
    assert clock.watching() == []
