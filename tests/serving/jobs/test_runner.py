from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from serving.jobs.duty import Duty, Outcome
from serving.jobs.runner import Runner
from serving.jobs.sqlite_store import SqliteStore
from serving.jobs.store import Batch, Claim, StoreFullError

DONE = Outcome(b"{}", failed=False)
GIVEN_UP = Outcome(b"given up", failed=True)


class Work:
    """Does lines as it is told: `outcomes` by line, one after the other; then DONE."""

    def __init__(self, **outcomes: list[Outcome]) -> None:
        self.outcomes = outcomes
        self.tries: list[bytes] = []
        self.cancelled: list[bytes] = []
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, claim: Claim) -> Outcome:
        self.tries.append(claim.body)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.append(claim.body)
            raise
        left = self.outcomes.get(claim.body.decode())
        return left.pop(0) if left else DONE


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore, None]:
    store = SqliteStore(tmp_path, ttl=1000, quota=2**30)
    yield store
    store.close()


def put(store: SqliteStore, batch: str, *lines: bytes) -> None:
    store.begin(batch, "", None)
    store.add(batch, list(enumerate(lines, 1)))
    store.accept(batch, None, "")


def of(store: SqliteStore, batch: str) -> Batch:
    found = store.get(batch, "")
    assert found is not None
    return found


@asynccontextmanager
async def running(
    store: SqliteStore, work: Work, *, lease: float = 10.0, size: int = 2, grace: float = 10.0
) -> AsyncGenerator[Runner, None]:
    runner = Runner(store, Duty(work, lambda _: GIVEN_UP, lambda: False, size, lease))
    runner.start()
    try:
        yield runner
    finally:
        await runner.stop(grace)


async def ended(store: SqliteStore, runner: Runner, batch: str) -> Batch:
    async with asyncio.timeout(30):
        while of(store, batch).ended is None:
            await runner.results.wait(0.1)
    return of(store, batch)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def test_all_lines_get_their_results(store: SqliteStore) -> None:
    put(store, "a", b"x", b"y", b"z")
    work = Work(y=[Outcome(b"bad", failed=True)])
    async with running(store, work) as runner:
        batch = await ended(store, runner, "a")
        assert (batch.status, batch.answered, batch.failed) == ("completed", 3, 1)
        put(store, "b", b"later")
        runner.arrivals.ring()
        assert (await ended(store, runner, "b")).answered == 1
    assert sorted(work.tries) == [b"later", b"x", b"y", b"z"]


async def test_what_fails_for_a_reason_that_passes_is_tried_until_it_passes(
    store: SqliteStore,
) -> None:
    put(store, "a", b"x")
    work = Work(x=[Outcome(b"busy", True, again_in=0.0, counted=False)] * 7)
    async with running(store, work) as runner:
        await ended(store, runner, "a")
    assert len(work.tries) == 8
    assert [r.body for r in store.results("a", 0, 9, 99)] == [b"{}"]


async def test_what_fails_again_and_again_is_given_up(store: SqliteStore) -> None:
    put(store, "a", b"x")
    work = Work(x=[Outcome(b"broken", True, again_in=0.0)] * 7)
    async with running(store, work) as runner:
        batch = await ended(store, runner, "a")
    assert batch.failed == 1
    assert len(work.tries) == 3
    assert [r.body for r in store.results("a", 0, 9, 99)] == [b"broken"]


async def test_a_line_that_takes_its_process_with_it_is_given_up(store: SqliteStore) -> None:
    put(store, "a", b"x")
    for _ in range(3):
        assert store.claim(lease=0.0) is not None  # and the process is gone
    work = Work()
    async with running(store, work) as runner:
        await ended(store, runner, "a")
    assert work.tries == []
    assert [r.body for r in store.results("a", 0, 9, 99)] == [b"given up"]


async def test_the_lines_of_a_cancelled_batch_are_left(store: SqliteStore) -> None:
    put(store, "a", b"x")
    put(store, "b", b"y")
    work = Work()
    work.go.clear()
    async with running(store, work) as runner:
        await until(lambda: of(store, "a").running == 1)
        await until(lambda: of(store, "b").running == 1)
        store.cancel("a", "")
        runner.drop("a")
        await until(lambda: bool(work.cancelled))
        work.go.set()
        await ended(store, runner, "b")
    assert work.cancelled == [b"x"]
    assert of(store, "a").answered == 0


async def test_claims_are_renewed_and_lost_ones_dropped(store: SqliteStore) -> None:
    put(store, "a", b"x")
    work = Work()
    work.go.clear()
    async with running(store, work, lease=0.3):
        await until(lambda: of(store, "a").running == 1)
        await asyncio.sleep(0.7)
        assert store.claim(10) is None
        assert work.tries == [b"x"]
        store.cancel("a", "")  # as another process would
        await until(lambda: bool(work.cancelled))


async def test_stopping_lets_lines_end_and_puts_back_the_others(store: SqliteStore) -> None:
    put(store, "a", b"x", b"y", b"z")
    work = Work()
    work.go.clear()
    async with running(store, work, grace=0.0):
        await until(lambda: of(store, "a").running == 2)
    assert sorted(work.cancelled) == [b"x", b"y"]
    assert (of(store, "a").running, of(store, "a").answered) == (0, 0)
    again = store.claim(10)
    assert again is not None
    assert again.tries == 1
    store.release(again, 0, counted=False)

    patient = Work()
    patient.go.clear()
    async with running(store, patient):
        await until(lambda: of(store, "a").running == 2)
        asyncio.get_running_loop().call_later(0.1, patient.go.set)
    assert (of(store, "a").running, of(store, "a").answered) == (0, 2)


async def test_a_result_waits_for_space(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "a", b"x")
    full = [True, True]
    finish = store.finish

    def finish_when_there_is_space(claim: Claim, result: bytes, failed: bool) -> bool:
        if full:
            full.pop()
            raise StoreFullError("full")
        return finish(claim, result, failed)

    monkeypatch.setattr(store, "finish", finish_when_there_is_space)
    monkeypatch.setattr("serving.jobs.duty.PAUSE_S", 0.01)
    work = Work()
    async with running(store, work) as runner:
        await ended(store, runner, "a")
    assert work.tries == [b"x"]
    assert [r.body for r in store.results("a", 0, 9, 99)] == [b"{}"]
