from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from engines.cancel import Cancellation, current, working_under
from serving.admission import Admission, Limits
from serving.cost import Cost, faces_found
from serving.metrics import Metrics
from serving.problems import ProblemError

SMALL = Cost("edit", 0)


def admission(
    size: int = 1,
    queue: int = 100,
    wait: float = 1000.0,
    share: float = 1.0,
    pixels: int = 1000,
) -> Admission:
    return Admission(Limits(size, queue, wait, share, pixels), Metrics())


class Works:
    """Works that last until `go` is set; `begun` are the names of those that began."""

    def __init__(self, door: Admission) -> None:
        self.door = door
        self.go = threading.Event()
        self.begun: list[str] = []
        self._beginnings = asyncio.Semaphore(0)
        self.tasks: list[asyncio.Task[str]] = []

    async def start(self, name: str, cost: Cost = SMALL, **options) -> asyncio.Task[str]:
        """Ask for the work `name`, and let it begin, wait or be refused."""

        loop = asyncio.get_running_loop()

        def work() -> str:
            self.begun.append(name)
            loop.call_soon_threadsafe(self._beginnings.release)
            assert self.go.wait(30)
            return name

        task = asyncio.ensure_future(
            self.door.run(work, cost, options.pop("caller", name), **options)
        )
        self.tasks.append(task)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return task

    async def beginning(self, count: int = 1) -> None:
        """Return when so many more works have begun."""
        async with asyncio.timeout(30):
            for _ in range(count):
                await self._beginnings.acquire()


@asynccontextmanager
async def works(door: Admission) -> AsyncGenerator[Works, None]:
    """Lets all works end at the end of the block."""
    some = Works(door)
    try:
        yield some
    finally:
        some.go.set()
        await asyncio.gather(*some.tasks, return_exceptions=True)
        async with asyncio.timeout(30):
            await door.drained()


def reason(task: asyncio.Task[str]) -> tuple[str, int]:
    error = task.exception()
    assert isinstance(error, ProblemError)
    assert int(error.headers["Retry-After"]) >= 1
    return error.extra["reason"], error.kind.status


async def test_work_runs_in_a_thread_and_gives_its_result_or_error() -> None:
    door = admission()
    assert await door.run(threading.get_ident, SMALL, "a") != threading.get_ident()

    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await door.run(fail, SMALL, "a")
    assert await door.run(lambda: 7, SMALL, "a") == 7


async def test_work_has_the_context_of_its_caller() -> None:
    cancellation = Cancellation()
    with working_under(cancellation):
        assert await admission().run(current, SMALL, "a") is cancellation


async def test_no_more_than_size_at_once_and_first_come_first_served() -> None:
    async with works(admission(size=2)) as some:
        for name in "abcd":
            await some.start(name)
        await some.beginning(2)
        assert sorted(some.begun) == ["a", "b"]
        some.go.set()
        assert await asyncio.gather(*some.tasks) == ["a", "b", "c", "d"]


async def test_the_queue_is_bounded() -> None:
    async with works(admission(queue=2)) as some:
        for name in "abc":
            await some.start(name)
        assert reason(await some.start("d")) == ("queue", 503)
        assert not any(task.done() for task in some.tasks[:3])


async def test_a_wait_that_would_be_too_long_is_refused_by_its_cost() -> None:
    door = admission(wait=10.0)
    door.pace.learn(SMALL, 4.0)
    async with works(door) as some:
        await some.start("runs, 4 s")
        await some.start("waits, 4 s")
        await some.start("comes after 8 s", Cost("edit", 7_000_000))
        assert reason(await some.start("would come after 40 s")) == ("wait", 503)


async def test_one_may_wait_for_each_thread_however_slow_the_work_is() -> None:
    door = admission(wait=0.1)
    door.pace.learn(SMALL, 60.0)
    async with works(door) as some:
        await some.start("a")
        await some.start("b")
        assert not some.tasks[1].done()
        assert reason(await some.start("c")) == ("wait", 503)


async def test_the_expected_wait_has_to_fit_the_deadline() -> None:
    door = admission()
    door.pace.learn(SMALL, 4.0)
    async with works(door) as some:
        await some.start("a")
        now = time.monotonic()
        assert reason(await some.start("b", deadline=now + 2)) == ("deadline", 503)
        await some.start("c", deadline=now + 1000)
        assert not some.tasks[-1].done()


async def test_a_free_thread_never_refuses_whatever_the_pace_says() -> None:
    door = admission()
    door.pace.learn(SMALL, 1000.0)
    assert await door.run(lambda: 7, SMALL, "a", time.monotonic() + 5) == 7


async def test_a_caller_fills_no_more_than_its_share_of_the_queue() -> None:
    async with works(admission(queue=4, share=0.5)) as some:
        for name in ("runs", "waits", "waits too"):
            await some.start(name, caller="greedy")
        assert reason(await some.start("too much", caller="greedy")) == ("share", 429)
        await some.start("other", caller="modest")
        assert not some.tasks[-1].done()


async def test_a_caller_fills_no_more_than_its_share_of_the_wait() -> None:
    door = admission(wait=20.0, share=0.5)
    door.pace.learn(SMALL, 4.0)
    async with works(door) as some:
        for name in ("runs", "4 s", "8 s"):
            await some.start(name, caller="greedy")
        assert reason(await some.start("12 s", caller="greedy")) == ("share", 429)
        await some.start("other", caller="modest")
        assert not some.tasks[-1].done()


async def test_those_who_are_refused_are_not_asked_to_come_back_all_at_once() -> None:
    door = admission(queue=1)
    door.pace.learn(SMALL, 0.5)
    async with works(door) as some:
        await some.start("runs")
        await some.start("waits")
        times = [
            int(door.refused("queue").headers["Retry-After"])
            for _ in range(200)  # a hundred seconds of work
        ]
        assert times[:2] == [1, 2] or times[:2] == [1, 1]
        assert max(times) <= 12
        assert all(times.count(second) >= 12 for second in range(2, 11))


async def test_pictures_in_work_fit_the_memory_together() -> None:
    async with works(admission(size=3, pixels=100)) as some:
        await some.start("60", Cost("edit", 60))
        await some.start("50", Cost("edit", 50))
        await some.start("1", Cost("edit", 1))
        await some.beginning()
        assert some.begun == ["60"]
    assert sorted(some.begun) == ["1", "50", "60"]


async def test_a_picture_larger_than_the_memory_for_all_runs_alone() -> None:
    async with works(admission(size=2, pixels=100)) as some:
        await some.start("huge", Cost("edit", 500))
        await some.start("small", Cost("edit", 1))
        await some.beginning()
        assert some.begun == ["huge"]


async def test_work_that_waits_and_is_cancelled_never_starts() -> None:
    async with works(admission()) as some:
        await some.start("a")
        left = await some.start("left")
        await some.start("c")
        left.cancel()
        await asyncio.wait([left])
        some.go.set()
        assert await some.tasks[2] == "c"
        assert some.begun == ["a", "c"]


async def test_work_that_runs_and_is_cancelled_keeps_its_thread_until_it_has_ended() -> None:
    async with works(admission()) as some:
        left = await some.start("left")
        await some.beginning()
        left.cancel()
        await asyncio.wait([left])
        await some.start("next")
        assert some.door.expected_wait() > 0
        assert some.begun == ["left"]
        some.go.set()
        assert await some.tasks[1] == "next"
    assert some.door.expected_wait() == 0


async def test_patient_work_comes_after_all_other_and_is_not_refused() -> None:
    async with works(admission(queue=1)) as some:
        await some.start("a")
        for name in ("patient 1", "patient 2"):
            await some.start(name, patient=True)
        await some.start("b")
        assert reason(await some.start("c")) == ("queue", 503)
        some.go.set()
        await asyncio.gather(*some.tasks, return_exceptions=True)
        assert some.begun == ["a", "b", "patient 1", "patient 2"]


async def test_faces_that_are_found_count_from_then_on() -> None:
    door = admission()
    door.pace.learn(SMALL, SMALL.units)  # a second for each unit
    found, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        faces_found(16)
        loop.call_soon_threadsafe(found.set)
        assert go.wait(30)

    cost = Cost(SMALL.kind, 2_000_000, 2)
    task = asyncio.ensure_future(door.run(work, cost, "a"))
    await asyncio.sleep(0)
    assert 3 < door.expected_wait() <= 4
    await found.wait()
    assert 33 < door.expected_wait() <= 34
    now = time.monotonic()
    with pytest.raises(ProblemError) as refused:
        await door.run(lambda: None, SMALL, "b", deadline=now + 20)
    assert refused.value.extra["reason"] == "deadline"
    go.set()
    await task
    assert door.pace.seconds(SMALL) < SMALL.units  # it was learnt from all sixteen


async def test_closing_ends_what_was_accepted_and_refuses_the_rest() -> None:
    async with works(admission()) as some:
        accepted = [await some.start("a"), await some.start("b")]
        patient = await some.start("patient", patient=True)
        drained = asyncio.ensure_future(some.door.drained())
        await asyncio.wait([patient])
        assert reason(patient) == ("closing", 503)
        assert reason(await some.start("late")) == ("closing", 503)
        assert reason(await some.start("late", patient=True)) == ("closing", 503)
        assert not drained.done()
        some.go.set()
        await drained
        assert [task.result() for task in accepted] == ["a", "b"]
        assert not some.door.busy


async def test_who_still_waits_when_the_grace_is_over_is_told() -> None:
    async with works(admission()) as some:
        await some.start("runs")
        await some.start("waits")
        some.door.close()
        some.door.give_up()
        await asyncio.wait(some.tasks)
        assert [reason(task) for task in some.tasks] == [("closing", 503)] * 2
        assert some.door.busy  # the thread has not ended


async def test_figures() -> None:
    metrics = Metrics()
    door = Admission(Limits(1, 1, 1000.0, 1.0, 10_000_000), metrics)
    async with works(door) as some:
        await some.start("a", Cost("edit", 2_000_000, 2))
        await some.start("b", Cost("edit", 1_000_000, 2))
        await some.start("c")
        text = metrics.text().decode()
        assert 'celmood_work_units{state="running"} 4.0' in text
        assert 'celmood_work_units{state="waiting"} 3.0' in text
        assert "celmood_waiting_requests 1.0" in text
        assert 'celmood_refused_total{reason="queue"} 1.0' in text
    text = metrics.text().decode()
    assert 'celmood_work_units{state="running"} 0.0' in text
    assert "celmood_wait_seconds_count 2.0" in text
