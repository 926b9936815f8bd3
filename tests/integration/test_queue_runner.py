"""The workers of the queue, over a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from procrastinate.jobs import Job

from serving.jobs.duty import Duty, Outcome
from serving.jobs.postgres_store import PostgresStore
from serving.jobs.queue_runner import QueueRunner
from serving.jobs.store import Batch, Claim, StoreFullError, StoreUnavailableError
from tests.integration.postgres_server import PostgresServer

pytestmark = pytest.mark.integration

DONE = Outcome(b"{}", failed=False)
GIVEN_UP = Outcome(b"given up", failed=True)


class Work:
    """Does lines as it is told: `outcomes`, one after the other; then DONE."""

    def __init__(self, *outcomes: Outcome | Exception) -> None:
        self.outcomes = list(outcomes)
        self.tries: list[int] = []
        self.begun = asyncio.Semaphore(0)
        self.left = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, claim: Claim) -> Outcome:
        self.tries.append(claim.tries)
        self.begun.release()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.left.set()
            raise
        outcome = self.outcomes.pop(0) if self.outcomes else DONE
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
def url(server: PostgresServer) -> str:
    return server.url


@pytest.fixture
def store(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresStore]:
    """A store that is never swept: what is not put back into the queue never comes again."""
    store = PostgresStore(url, ttl=1000, quota=2**30)
    monkeypatch.setattr(store, "sweep", lambda: None)
    yield store
    store.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("duty", "queue_runner"):
        monkeypatch.setattr(f"serving.jobs.{module}.PAUSE_S", 0.01)


def put(store: PostgresStore, batch: str, lines: int = 1) -> str:
    store.begin(batch, "", None)
    store.add(batch, [(number, b"x") for number in range(1, lines + 1)])
    return store.accept(batch, None, "")


@pytest.fixture
def batch(store: PostgresStore, request: pytest.FixtureRequest) -> str:
    """The id of a batch of one line."""
    return put(store, request.node.name)


@asynccontextmanager
async def running(
    store: PostgresStore, url: str, work: Work, grace: float = 10.0
) -> AsyncGenerator[QueueRunner, None]:
    runner = QueueRunner(store, url, Duty(work, lambda _: GIVEN_UP, lambda: False, 2, 15.0))
    runner.start()
    try:
        yield runner
    finally:
        await runner.stop(grace)


async def ended(store: PostgresStore, runner: QueueRunner, batch: str) -> Batch:
    async with asyncio.timeout(30):
        while True:
            found = await asyncio.to_thread(store.get, batch, "")
            assert found is not None
            if found.ended is not None:
                return found
            await runner.results.wait(0.1)


def result(store: PostgresStore, batch: str) -> bytes:
    (only,) = store.results(batch, 0, 9, 99)
    return only.body


async def test_what_is_to_be_done_again_comes_again(
    store: PostgresStore, url: str, batch: str
) -> None:
    again = Outcome(b"busy", failed=True, again_in=0.0, counted=False)
    work = Work(again, again, again, again)
    async with running(store, url, work) as runner:
        found = await ended(store, runner, batch)
    assert (found.failed, work.tries) == (0, [1] * 5)
    assert result(store, batch) == b"{}"


async def test_what_was_not_foreseen_comes_again_until_it_is_given_up(
    store: PostgresStore, url: str, batch: str
) -> None:
    work = Work(*[RuntimeError("not foreseen")] * 9)
    async with running(store, url, work) as runner:
        await ended(store, runner, batch)
    assert work.tries == [1, 2, 3]
    assert result(store, batch) == b"given up"


async def test_a_result_waits_for_space(
    store: PostgresStore, url: str, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [True] * 6
    finish = store.finish

    def finish_when_there_is_space(claim: Claim, body: bytes, failed: bool) -> bool:
        if full:
            full.pop()
            raise StoreFullError("full")
        return finish(claim, body, failed)

    monkeypatch.setattr(store, "finish", finish_when_there_is_space)
    work = Work()
    async with running(store, url, work) as runner:
        found = await ended(store, runner, batch)
    assert (found.failed, work.tries) == (0, [1])
    assert result(store, batch) == b"{}"


async def test_stopping_puts_back_what_has_not_ended(
    store: PostgresStore, url: str, batch: str
) -> None:
    work = Work()
    work.go.clear()
    async with running(store, url, work, grace=0.0):
        async with asyncio.timeout(30):
            await work.begun.acquire()
    work.go.set()
    async with running(store, url, work) as runner:
        await ended(store, runner, batch)
    assert work.tries == [1, 1]


async def test_lines_of_a_batch_that_another_gateway_cancels_are_left(
    store: PostgresStore, url: str, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.jobs.queue_runner._LOOK_S", 0.05)
    other = put(store, "not cancelled")
    work = Work()
    work.go.clear()
    async with running(store, url, work) as runner:
        async with asyncio.timeout(30):
            for _ in range(2):
                await work.begun.acquire()
            assert await asyncio.to_thread(store.cancel, batch, "") is not None
            await work.left.wait()
        work.go.set()
        found = await ended(store, runner, other)
    assert (found.answered, found.failed, work.tries) == (1, 0, [1, 1])


async def test_a_result_without_space_is_left_to_the_next_process(
    store: PostgresStore, url: str, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = asyncio.Event()
    loop = asyncio.get_running_loop()

    def refuse(claim: Claim, body: bytes, failed: bool) -> bool:
        loop.call_soon_threadsafe(refused.set)
        raise StoreFullError("full")

    work = Work()
    with monkeypatch.context() as patched:
        patched.setattr(store, "finish", refuse)
        async with running(store, url, work, grace=0.0), asyncio.timeout(30):
            await refused.wait()
    async with running(store, url, work) as runner:
        await ended(store, runner, batch)
    assert work.tries == [1, 1]


async def test_lines_that_come_after_an_outage_do_not_wait_for_the_pauses_of_the_pool(
    store: PostgresStore, url: str, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.jobs.queue_runner._CONNECT_S", 0.5)
    monkeypatch.setattr("psycopg_pool.base.AttemptWithBackoff.INITIAL_DELAY", 60.0)
    work = Work()
    async with running(store, url, work) as runner:
        await ended(store, runner, put(store, "before"))
        await asyncio.to_thread(server.stop)
        with pytest.raises(StoreUnavailableError):
            await asyncio.to_thread(store.look, ["before"])
        await asyncio.to_thread(server.start)
        found = await ended(store, runner, put(store, "after"))
    assert (found.answered, found.failed, work.tries) == (1, 0, [1, 1])


def free(url: str, batch: str) -> list[int]:
    """The lines of the batch that a gateway which asks now can have."""
    with psycopg.connect(url) as db:
        rows = db.execute(
            "SELECT (args ->> 'number')::int AS number FROM procrastinate_jobs"
            " WHERE args ->> 'batch' = %s AND status = 'todo'"
            " AND (scheduled_at IS NULL OR scheduled_at <= now()) ORDER BY number",
            (batch,),
        ).fetchall()
    return [number for (number,) in rows]


async def test_a_gateway_that_closes_asks_for_no_more_lines(store: PostgresStore, url: str) -> None:
    """What it has refused, as the admission then does, others may have at once."""
    batch = put(store, "closing", lines=8)
    begun: list[int] = []

    async def refuse(claim: Claim) -> Outcome:
        begun.append(claim.number)
        return Outcome(b"closing", failed=True, again_in=0.0, counted=False)

    duty = Duty(refuse, lambda _: GIVEN_UP, lambda: bool(begun), size=1, lease=15.0)
    runner = QueueRunner(store, url, duty)
    runner.start()
    async with asyncio.timeout(30):
        await asyncio.wait(runner._tasks[:1])  # its worker ends by itself
    assert begun == [1]
    assert await asyncio.to_thread(free, url, batch) == [*range(1, 9)]
    await runner.stop(10.0)
    async with running(store, url, Work()) as other:
        found = await ended(store, other, batch)
    assert (found.answered, found.failed) == (8, 0)


async def test_a_line_that_comes_while_a_gateway_closes_goes_back(
    store: PostgresStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is begun that was handed out at that moment."""
    batch, work = put(store, "handed out", lines=2), Work()
    closing = asyncio.Event()
    runner = QueueRunner(store, url, Duty(work, lambda _: GIVEN_UP, closing.is_set, 1, 15.0))
    fetch = runner._app.job_manager.fetch_job

    async def fetch_while_it_closes(*given: Any, **named: Any) -> Job | None:
        job = await fetch(*given, **named)
        closing.set()
        return job

    monkeypatch.setattr(runner._app.job_manager, "fetch_job", fetch_while_it_closes)
    runner.start()
    async with asyncio.timeout(30):
        await asyncio.wait(runner._tasks[:1])
    await runner.stop(10.0)
    assert work.tries == []
    assert await asyncio.to_thread(free, url, batch) == [1, 2]
