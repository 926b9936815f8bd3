"""SIGTERM under load: what was accepted is answered, the rest is told, and the process ends."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from serving.admission import Admission, Limits
from serving.cost import Cost
from serving.drain import drained
from serving.metrics import Metrics
from serving.problems import ProblemError
from tests.engines.triton_stub import TritonStub
from tests.pictures import encoded, opened, scene

ROOT = Path(__file__).parents[2]
GOOD = encoded(scene())
PATIENCE_S = 60.0


@contextmanager
def gateway(stub: TritonStub, *arguments: str, **settings: str) -> Iterator[Process]:
    """`python -m serving` over `stub`, killed at the end of the block."""
    command = [sys.executable, "-m", "serving", "--port", "0", *arguments]
    command += ["--engine", "triton", "--triton", stub.address]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CELMOOD_")}
    environment |= {f"CELMOOD_{name.upper()}": value for name, value in settings.items()}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = re.fullmatch(r"celmood listening on (http://127\.0\.0\.1:\d+)\n", line)
            assert match, line
            yield Process(process, match[1])
        finally:
            process.kill()


class Process:
    """A gateway, and what its callers were answered."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self.answers: list[httpx.Response] = []
        self.lost: list[Exception] = []
        self._callers: list[threading.Thread] = []

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=PATIENCE_S)

    def edit(self) -> httpx.Response:
        return httpx.post(
            f"{self.url}/v1/expressions",
            files={"image": GOOD},
            data={"expression": "happy"},
            timeout=PATIENCE_S,
        )

    def call(self, count: int) -> None:
        """Start callers that ask again and again, until they are told that the gateway closes."""

        def again() -> None:
            try:
                while True:
                    answer = self.edit()
                    self.answers.append(answer)
                    if answer.headers.get("Connection") == "close":
                        return
                    time.sleep(0.0 if answer.is_success else 0.1)
            except httpx.ConnectError:
                return  # nothing listens any more, so nothing was accepted
            except httpx.HTTPError as error:
                self.lost.append(error)

        self._callers = [threading.Thread(target=again) for _ in range(count)]
        for caller in self._callers:
            caller.start()

    def end(self) -> int:
        """The exit code, when the callers have gone."""
        for caller in self._callers:
            caller.join(PATIENCE_S)
        return self.process.wait(PATIENCE_S)


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.02)


@pytest.mark.slow
def test_sigterm_ends_readiness_then_work_then_the_process(model_repository: Path) -> None:
    with TritonStub(model_repository) as stub, gateway(stub, workers="2") as some:
        assert some.get("/readyz").status_code == 200
        stub.delay = 0.7  # three runs an edit
        some.call(3)
        wait_until(lambda: len(stub.requests) >= 2)
        some.process.send_signal(signal.SIGTERM)
        wait_until(lambda: some.get("/readyz").status_code == 503)
        assert some.get("/readyz").json()["type"] == "urn:celmood:problem:closing"
        assert some.get("/healthz").status_code == 200
        refused = some.edit()
        assert refused.status_code == 503
        assert refused.json()["reason"] == "closing"
        assert int(refused.headers["Retry-After"]) >= 1
        assert refused.headers["Connection"] == "close"
        assert some.end() == 0
        assert [answer.status_code for answer in some.answers] == [200, 200, 200]
        assert some.lost == []


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
def test_sigterm_under_load_loses_nothing(model_repository: Path, processes: str) -> None:
    with (
        TritonStub(model_repository) as stub,
        gateway(stub, "--workers", processes, workers="2", queue="4") as some,
    ):
        stub.delay = 0.02
        some.call(8)
        wait_until(lambda: sum(answer.status_code == 200 for answer in list(some.answers)) >= 8)
        some.process.send_signal(signal.SIGTERM)
        assert some.end() == 0
    assert some.lost == []
    for answer in some.answers:
        assert answer.status_code in (200, 429, 503), answer.text
        assert answer.status_code == 200 or int(answer.headers["Retry-After"]) >= 1


@pytest.mark.slow
def test_work_that_takes_longer_than_the_grace_is_told_and_left(model_repository: Path) -> None:
    with (
        TritonStub(model_repository) as stub,
        gateway(stub, drain_grace="0.5", drain_notice="0") as some,
    ):
        assert some.get("/readyz").status_code == 200
        stub.delay = 20.0
        some.call(1)
        wait_until(lambda: len(stub.requests) >= 1)
        some.process.send_signal(signal.SIGTERM)
        assert some.end() == 0
        (answer,) = some.answers
        assert answer.json()["type"] == "urn:celmood:problem:closing"
        assert "Retry-After" in answer.headers


@pytest.mark.slow
def test_an_answer_that_is_read_slowly_is_sent_to_its_end(model_repository: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2000, 2000, 3), np.uint8)
    request = httpx.Request(
        "POST",
        "http://localhost/v1/expressions",
        files={"image": encoded(noise, compress_level=0)},
        data={"expression": "happy", "faces": "[[600, 500, 800, 800]]"},
    )
    head = [f"POST {request.url.path} HTTP/1.1", *map(": ".join, request.headers.items())]
    with TritonStub(model_repository) as stub, gateway(stub, drain_notice="0") as some:
        url = httpx.URL(some.url)
        with socket.socket() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            line.connect((url.host, url.port))
            line.sendall("\r\n".join([*head, "", ""]).encode() + request.read())
            data = line.recv(65_536)
            some.process.send_signal(signal.SIGTERM)
            time.sleep(7.0)  # longer than a server may want to wait, shorter than the grace
            while part := line.recv(2**20):
                data += part
        head_sent, _, body = data.partition(b"\r\n\r\n")
        assert b"200 OK" in head_sent
        assert len(body) > 11_000_000
        assert opened(body).shape == noise.shape
        assert some.end() == 0


@pytest.mark.slow
def test_a_body_that_does_not_come_to_its_end_is_not_waited_for(
    model_repository: Path, tmp_path: Path
) -> None:
    head = (
        "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: 99\r\n\r\nhalf"
    )
    heads = [
        head.format("/v1/batches", "application/x-ndjson"),
        head.format("/v1/expressions", "application/json"),
    ]
    with (
        TritonStub(model_repository) as stub,
        gateway(stub, batches=str(tmp_path), drain_notice="0", timeout="60") as some,
    ):
        url = httpx.URL(some.url)
        lines = [socket.create_connection((url.host, url.port)) for _ in heads]
        for line, text in zip(lines, heads, strict=True):
            line.sendall(text.encode())
        wait_until(lambda: "celmood_requests_under_way 3.0" in some.get("/metrics").text)
        some.process.send_signal(signal.SIGTERM)
        for line in lines:
            line.settimeout(PATIENCE_S)
            said = b""
            while part := line.recv(2**16):
                said += part
            line.close()
            assert said.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 5" in said
            assert b"urn:celmood:problem:closing" in said
        assert some.end() == 0


async def test_it_waits_for_the_notice_and_for_the_work() -> None:
    admission = Admission(Limits(1, 1, 1.0, 1.0, 1), Metrics())
    go = threading.Event()
    work = asyncio.ensure_future(admission.run(lambda: go.wait(PATIENCE_S), Cost("edit", 0), "a"))
    await asyncio.sleep(0)
    end = asyncio.ensure_future(drained(admission, notice=0.0, grace=PATIENCE_S))
    await asyncio.sleep(0.05)
    assert admission.closing
    assert not end.done()
    go.set()
    await end
    assert await work
    start = time.monotonic()
    await drained(admission, notice=0.2, grace=PATIENCE_S)
    assert time.monotonic() - start >= 0.2


async def test_the_grace_is_the_longest_it_waits() -> None:
    admission = Admission(Limits(1, 1, 1.0, 1.0, 1), Metrics())
    go = threading.Event()
    work = asyncio.ensure_future(admission.run(lambda: go.wait(PATIENCE_S), Cost("edit", 0), "a"))
    await asyncio.sleep(0)
    await drained(admission, notice=30.0, grace=0.1)
    with pytest.raises(ProblemError, match="shutting down"):
        await work
    go.set()
