from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from benchmarks.load import (
    Answer,
    LoadError,
    one_after_the_other,
    quantile_ms,
    whether_answered_or_not,
)

BODY = b"a picture" * 10_000


class _Server(ThreadingHTTPServer):
    """Answers 200 to BODY with the right header, 418 to all else; every third is a 503."""

    daemon_threads = True
    seen = 0
    refuse = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200 if body == BODY and self.headers["X-Asked"] == "yes" else 418)

    def do_GET(self) -> None:
        self._answer(200)

    def _answer(self, status: int) -> None:
        self.server.seen += 1
        if self.server.refuse and self.server.seen % 3 == 0:
            status = 503
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def address(server: _Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/there"


def test_callers_who_ask_one_after_the_other(server: _Server) -> None:
    request = httpx.Request("POST", address(server), content=BODY, headers={"X-Asked": "yes"})
    load = one_after_the_other(request, 3, 0.5)
    assert load.statuses() == {200: len(load.answers)}
    assert load.good() == list(load.answers)
    assert 3 <= len(load.answers) <= server.seen <= len(load.answers) + 3
    assert load.seconds == 0.5
    assert load.cpu_seconds > 0
    assert all(0 < answer.seconds <= 1 for answer in load.answers)
    assert min(answer.sent_s for answer in load.answers) == 0


def test_callers_who_come_whether_answered_or_not(server: _Server) -> None:
    server.refuse = True
    load = whether_answered_or_not(httpx.Request("GET", address(server)), 30, 1, together=3)
    assert load.statuses() == {200: 20, 503: 10}
    assert len(load.good()) == 20
    assert max(answer.sent_s for answer in load.answers) >= 0.8
    assert load.seconds >= 1


def test_where_nobody_listens_it_is_said(server: _Server) -> None:
    url = address(server)
    server.shutdown()
    server.server_close()
    with pytest.raises(LoadError, match="got no answer"):
        one_after_the_other(httpx.Request("GET", url), 1, 0.2)


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LoadError, match="apt-get install nghttp2-client"):
        one_after_the_other(httpx.Request("GET", "http://127.0.0.1:1/"), 1, 0.2)


def test_quantiles_are_of_the_sorted_times() -> None:
    answers = [Answer(0, 200, seconds) for seconds in (0.3, 0.1, 0.2)]
    assert quantile_ms(answers, 0.5) == pytest.approx(200)
    assert quantile_ms(answers, 1.0) == pytest.approx(300)
    assert quantile_ms([], 0.5) == 0
