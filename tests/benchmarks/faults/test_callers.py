from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.faults import callers
from benchmarks.faults.callers import FaultError, calling, pictures, until
from benchmarks.faults.tally import Tally, png_size
from tests.pictures import encoded, scene


@dataclass(frozen=True)
class Server:
    """A gateway that has heard everything, or nothing."""

    url: str
    hears: bool = True

    def heard(self, name: str) -> bool:
        return self.hears


ASKED = pictures(encoded(scene()), 2)


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """A server that gives these answers in turn, the last again and again; b"" is none at all."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer = left.pop(0) if len(left) > 1 else left[0]
            if answer:
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_each_caller_has_a_picture_of_its_own() -> None:
    height, width = scene().shape[:2]
    assert [picture.size for picture in ASKED] == [(width, height), (width, height - 1)]
    assert [png_size(picture.data) for picture in ASKED] == [p.size for p in ASKED]


async def test_callers_ask_until_they_are_told_to_end() -> None:
    tally = Tally("a fault", "requests")
    with answering(ASKED[0].data) as url:
        async with calling(Server(url), ASKED[:1], tally):
            await until(lambda: tally.answered >= 3, "answers")
    assert tally.lost == []


async def test_an_answer_that_does_not_come_is_lost_and_so_is_anothers_picture() -> None:
    tally = Tally("a fault", "requests")
    with answering(ASKED[1].data, b"", ASKED[0].data) as url:
        async with calling(Server(url), ASKED[:1], tally):
            await until(lambda: tally.answered >= 1, "an answer")
    assert len(tally.lost) == 2
    assert "not the picture" in tally.lost[0]
    assert "no answer" in tally.lost[1]


async def test_what_the_gateway_never_had_is_sent_again() -> None:
    tally = Tally("a fault", "requests")
    with answering(b"", b"", ASKED[0].data) as url:
        async with calling(Server(url, hears=False), ASKED[:1], tally):
            await until(lambda: tally.answered >= 1, "an answer")
    assert (tally.unheard, tally.lost) == (2, [])
    assert tally.accepted == tally.answered


async def test_nobody_there_has_lost_nothing() -> None:
    tally = Tally("a fault", "requests")
    with answering(b"") as url:
        pass
    async with calling(Server(url), ASKED, tally):
        pass
    assert (tally.sent, tally.lost) == (0, [])


async def test_waiting_in_vain_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "PATIENCE_S", 0.2)
    with pytest.raises(FaultError, match="the moon"):
        await until(lambda: False, "the moon")
