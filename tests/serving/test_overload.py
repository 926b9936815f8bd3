"""What callers see of a gateway that has more to do than it can: over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from engines.cores import usable_cores
from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.settings import Settings
from tests.live import running
from tests.pictures import encoded, noise, scene

GOOD = encoded(scene())
PATIENCE_S = 30.0

REQUESTS = "celmood_requests_total"
UNITS = "celmood_work_units"
WAITING = "celmood_waiting_requests"


class HeldEngine(OnnxEngine):
    """Edits wait until `go` is set; `timeouts` are those that were allowed to edits."""

    def __init__(self, repository: Path) -> None:
        super().__init__(repository, threads=1)
        self.go = threading.Event()
        self.timeouts: list[float] = []

    def run(self, model, inputs, timeout=None):
        if model == "expression":
            self.timeouts.append(timeout)
            assert self.go.wait(PATIENCE_S)
        return super().run(model, inputs, timeout)


class Callers:
    """Callers of one gateway, each in a thread of its own."""

    def __init__(self, client: httpx.Client, engine: HeldEngine) -> None:
        self.client = client
        self.engine = engine
        self.answers: list[httpx.Response] = []
        self._threads: list[threading.Thread] = []

    def edit(self, **headers: str) -> httpx.Response:
        return self.client.post(
            "/v1/expressions",
            files={"image": GOOD},
            data={"expression": "happy", "faces": "[[80, 60, 80, 80]]"},
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def ask(self, **headers: str) -> None:
        """Send an edit that nobody waits for here; its answer comes into `answers`."""
        thread = threading.Thread(target=lambda: self.answers.append(self.edit(**headers)))
        self._threads.append(thread)
        thread.start()

    def until(self, name: str, least: float = 1.0, **labels: str) -> None:
        """Wait until that figure is at least so much."""
        wait_until(lambda: self.figure(name, **labels) >= least)

    def figure(self, name: str, **labels: str) -> float:
        """The sum of a metric over all series with these labels."""
        families = text_string_to_metric_families(self.client.get("/metrics").text)
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def join(self) -> None:
        self.engine.go.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.01)


@contextmanager
def callers(repository: Path, **settings) -> Iterator[Callers]:
    """A gateway whose edits wait, and callers of it."""
    engine = HeldEngine(repository)
    given = Settings(**{"workers": 1, "max_wait": 1000.0, "caller_share": 1.0} | settings)
    with running(create_app(given, engine)) as client:
        some = Callers(client, engine)
        try:
            yield some
        finally:
            some.join()


def check_refused(response: httpx.Response, status: int, slug: str, reason: str) -> None:
    assert response.status_code == status, response.text
    assert response.json()["type"] == f"urn:celmood:problem:{slug}"
    assert response.json()["reason"] == reason
    assert int(response.headers["Retry-After"]) >= 1


def test_a_full_service_refuses_at_once_and_does_what_it_accepted(model_repository: Path) -> None:
    with callers(model_repository, queue=1) as some:
        some.ask()
        some.until(UNITS, state="running")
        some.ask()
        some.until(WAITING)
        check_refused(some.edit(), 503, "busy", "queue")
        assert some.figure("celmood_refused_total", reason="queue") == 1
        some.join()
        assert [answer.status_code for answer in some.answers] == [200, 200]
        assert some.edit().status_code == 200


def test_with_triton_more_edits_are_under_way_than_there_are_cores(model_repository: Path) -> None:
    cores = usable_cores()
    with callers(model_repository, engine="triton", workers=None) as some:
        for _ in range(2 * cores + 1):
            some.ask()
        wait_until(lambda: len(some.engine.timeouts) == 2 * cores)  # all wait for their model
        some.until(WAITING)
        assert some.figure(WAITING) == 1
        some.join()
        assert [answer.status_code for answer in some.answers] == [200] * (2 * cores + 1)


def test_memory_bounds_the_edits_under_way_whatever_their_number(model_repository: Path) -> None:
    pixels = scene().shape[0] * scene().shape[1]
    with callers(
        model_repository, engine="triton", workers=3, max_pixels_at_once=2 * pixels
    ) as some:
        for _ in range(3):
            some.ask()
        wait_until(lambda: len(some.engine.timeouts) == 2)
        some.until(WAITING)
        assert some.figure(WAITING) == 1
        some.join()
        assert [answer.status_code for answer in some.answers] == [200, 200, 200]


def test_one_caller_has_its_share_and_others_have_theirs(model_repository: Path) -> None:
    with callers(model_repository, queue=2, caller_share=0.5) as some:
        some.ask(X_Forwarded_For="192.0.2.1")
        some.until(UNITS, state="running")
        some.ask(X_Forwarded_For="192.0.2.1")
        some.until(WAITING)
        check_refused(some.edit(X_Forwarded_For="192.0.2.1"), 429, "over-share", "share")
        some.ask(X_Forwarded_For="192.0.2.2")
        some.until(WAITING, 2)
        some.join()
        assert [answer.status_code for answer in some.answers] == [200, 200, 200]


def test_those_who_watch_are_answered_while_all_threads_are_busy(model_repository: Path) -> None:
    with callers(model_repository, workers=4) as some:
        for _ in range(16):
            some.ask()
        some.until(WAITING, 12)
        for path in ("/healthz", "/readyz", "/metrics"):
            assert some.client.get(path).status_code == 200
        assert some.answers == []
        some.join()
        assert [answer.status_code for answer in some.answers] == [200] * 16


@contextmanager
def unread(client: httpx.Client) -> Iterator[socket.socket]:
    """A connection on which an edit of 17 MB was asked for, and of the answer the status read."""
    request = client.build_request(
        "POST",
        "/v1/expressions",
        files={"image": noise()},
        data={"expression": "sad", "faces": "[[80, 60, 80, 80]]"},
    )
    with sent(client, request, buffer=16_384) as line:
        assert line.recv(15) == b"HTTP/1.1 200 OK"
        yield line


def test_answers_that_nobody_reads_keep_their_room(model_repository: Path) -> None:
    app = create_app(
        Settings(workers=1, max_bytes_at_once=30_000_000), OnnxEngine(model_repository)
    )
    gateway = app.state.gateway
    with running(app) as client:
        with unread(client):
            assert gateway.answers.used > 17_000_000
            refused = client.post("/v1/faces", files={"image": noise()})
            check_refused(refused, 503, "busy", "memory")
        wait_until(lambda: gateway.answers.used == gateway.bodies.used == 0)
        assert client.post("/v1/faces", files={"image": noise()}).status_code == 200


@contextmanager
def half_sent(client: httpx.Client, *lines: str, body: bytes = b"", length: int = 100_000):
    """A connection on which an edit's head and the beginning of its body have been sent."""
    head = [
        "POST /v1/expressions HTTP/1.1",
        f"Host: {client.base_url.netloc.decode()}",
        "Content-Type: multipart/form-data; boundary=b",
        f"Content-Length: {length}",
        *lines,
    ]
    with socket.create_connection((client.base_url.host, client.base_url.port), PATIENCE_S) as line:
        line.sendall("\r\n".join([*head, "", ""]).encode() + body)
        yield line


def answer_on(line: socket.socket) -> tuple[int, dict]:
    """Status and JSON body of the answer."""
    data = b""
    while b"\r\n\r\n" not in data or not data.endswith(b"}"):
        part = line.recv(65536)
        assert part, data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_a_full_service_does_not_wait_for_the_body(model_repository: Path) -> None:
    with callers(model_repository, queue=0) as some:
        some.ask()
        some.until(UNITS, state="running")
        with half_sent(some.client) as line:
            status, problem = answer_on(line)
        assert (status, problem["reason"]) == (503, "queue")


def test_bodies_fit_the_memory_together(model_repository: Path) -> None:
    under_way = "celmood_requests_under_way"
    with callers(model_repository, max_bytes_at_once=150_000) as some:
        with half_sent(some.client, body=b"--b\r\n"):
            some.until(under_way, 2)  # the one that asks is the other
            with half_sent(some.client) as line:
                status, problem = answer_on(line)
            assert (status, problem["reason"]) == (503, "memory")
        wait_until(lambda: some.figure(under_way) == 1)
        some.engine.go.set()
        assert some.edit().status_code == 200


def test_a_body_that_does_not_come_in_time(model_repository: Path) -> None:
    with (
        callers(model_repository) as some,
        half_sent(some.client, "X-Request-Timeout: 0.2", body=b"--b\r\n") as line,
    ):
        status, problem = answer_on(line)
        assert (status, problem["type"]) == (408, "urn:celmood:problem:slow-body")


LATER = "Prefer: respond-async"


def test_what_is_done_later_has_a_deadline_and_takes_room_too(
    model_repository: Path, tmp_path: Path
) -> None:
    with callers(model_repository, batches=tmp_path, max_bytes_at_once=150_000) as some:
        with half_sent(some.client, LATER, "X-Request-Timeout: 0.2", body=b"--b\r\n") as line:
            status, problem = answer_on(line)
        assert (status, problem["type"]) == (408, "urn:celmood:problem:slow-body")
        with half_sent(some.client, body=b"--b\r\n"):
            some.until("celmood_requests_under_way", 2)
            with half_sent(some.client, LATER) as line:
                status, problem = answer_on(line)
        assert (status, problem["reason"]) == (503, "memory")


def test_a_full_service_takes_what_is_to_be_done_later(
    model_repository: Path, tmp_path: Path
) -> None:
    with callers(model_repository, queue=0, batches=tmp_path) as some:
        some.ask()
        some.until(UNITS, state="running")
        check_refused(some.edit(), 503, "busy", "queue")
        assert some.edit(Prefer="respond-async").status_code == 202


def test_the_deadline_of_a_request_reaches_the_engine_and_ends_it(model_repository: Path) -> None:
    with callers(model_repository) as some:
        response = some.edit(X_Request_Timeout="2")
        assert response.status_code == 504
        assert response.json()["type"] == "urn:celmood:problem:timeout"
        assert all(0 < timeout <= 2 for timeout in some.engine.timeouts)
        some.engine.go.set()
        assert some.edit(X_Request_Timeout="20").status_code == 200
        assert 2 < some.engine.timeouts[-1] <= 20


def test_no_request_may_have_more_time_than_the_setting(model_repository: Path) -> None:
    with callers(model_repository, timeout=0.5) as some:
        assert some.edit(X_Request_Timeout="60").status_code == 504


@pytest.mark.parametrize("wrong", ["0", "-1", "soon", "nan", ""])
def test_a_timeout_that_is_none(model_repository: Path, wrong: str) -> None:
    with callers(model_repository) as some:
        response = some.edit(X_Request_Timeout=wrong)
        assert response.status_code == 400
        assert "X-Request-Timeout" in response.json()["detail"]


def test_who_is_refused_at_the_end_hears_it_though_the_body_is_large(
    model_repository: Path,
) -> None:
    app = create_app(Settings(workers=1), HeldEngine(model_repository))
    with running(app) as client:
        app.state.gateway.admission.close()
        length = 20_000_000
        with half_sent(client, length=length) as line:
            line.sendall(bytes(length))
            status, problem = answer_on(line)
        assert (status, problem["reason"]) == (503, "closing")


@contextmanager
def sent(
    client: httpx.Client, request: httpx.Request | None = None, buffer: int = 65_536
) -> Iterator[socket.socket]:
    """A connection on which a whole edit was sent and nothing read; closed with the block."""
    request = request or client.build_request(
        "POST", "/v1/expressions", files={"image": GOOD}, data={"expression": "sad"}
    )
    kept = {name: value for name, value in request.headers.items() if name != "connection"}
    head = [f"{request.method} {request.url.path} HTTP/1.1", *map(": ".join, kept.items())]
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        line.connect((request.url.host, request.url.port or 80))
        line.sendall("\r\n".join([*head, "", ""]).encode() + request.read())
        yield line


def test_work_of_callers_who_left_is_dropped(model_repository: Path) -> None:
    with callers(model_repository) as some:
        with sent(some.client):
            some.until(UNITS, state="running")
            wait_until(lambda: len(some.engine.timeouts) == 1)
            with sent(some.client), sent(some.client), sent(some.client):
                some.until(WAITING, 3)
            some.until(REQUESTS, 3, outcome="caller-gone")
            assert some.figure(WAITING) == 0
        some.until(REQUESTS, 4, outcome="caller-gone")
        assert some.figure(UNITS, state="running") > 0  # its thread is not free before it has ended
        some.join()
        wait_until(lambda: some.figure(UNITS, state="running") == 0)
        assert len(some.engine.timeouts) == 1  # of the four only the one that ran reached an edit
        assert some.figure("celmood_stage_seconds_count", stage="paste") == 0
        assert some.edit().status_code == 200


class SlowEngine(OnnxEngine):
    """A quarter of a second for each edit; counts them."""

    SECONDS = 0.25

    def __init__(self, repository: Path) -> None:
        super().__init__(repository, threads=1)
        self.edits = 0

    def run(self, model, inputs, timeout=None):
        if model == "expression":
            self.edits += 1
            time.sleep(self.SECONDS)
        return super().run(model, inputs, timeout)


class Rush:
    """Callers of one url who ask for one picture after the other and hang up after two seconds."""

    SECONDS = 8.0

    def __init__(self, url: httpx.URL) -> None:
        self.url = url
        self.good = 0
        self.left = 0
        self.refused: list[httpx.Response] = []

    async def run(self, callers: int) -> float:
        """Good answers a second. Who is refused comes again when `Retry-After` says."""
        start = time.monotonic()
        limits = httpx.Limits(max_connections=None)
        async with (
            httpx.AsyncClient(base_url=self.url, timeout=2, limits=limits) as client,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(callers):
                group.create_task(self._call(client, start + self.SECONDS))
        return self.good / (time.monotonic() - start)

    async def _call(self, client: httpx.AsyncClient, until: float) -> None:
        while (left := until - time.monotonic()) > 0:
            try:
                answer = await client.post(
                    "/v1/expressions", files={"image": GOOD}, data={"expression": "sad"}
                )
            except httpx.TimeoutException:
                self.left += 1
                continue
            if answer.is_success:
                self.good += 1
            else:
                self.refused.append(answer)
                await asyncio.sleep(min(left, float(answer.headers["Retry-After"])))


@pytest.mark.slow
def test_64_callers_at_once_who_hang_up_after_two_seconds(model_repository: Path) -> None:
    engine = SlowEngine(model_repository)
    with running(create_app(Settings(workers=1), engine)) as client:
        one_by_one = asyncio.run(Rush(client.base_url).run(callers=2))
        engine.edits = 0
        rush = Rush(client.base_url)
        rate = asyncio.run(rush.run(callers=64))
        lone = client.post("/v1/expressions", files={"image": GOOD}, data={"expression": "sad"})
        assert client.get("/healthz").status_code == 200
    assert rate > one_by_one / 2  # nearly all of it where the machine has nothing else to do
    assert len(rush.refused) >= 64 - rush.good
    assert {answer.status_code for answer in rush.refused} <= {429, 503}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in rush.refused)
    assert engine.edits <= rush.good + rush.left + 1  # the lone one; none for who was refused
    assert lone.status_code == 200
