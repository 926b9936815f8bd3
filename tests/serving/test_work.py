from __future__ import annotations

import threading

import anyio
import pytest

from serving.metrics import Metrics
from serving.problems import ProblemError
from serving.work import Workers


async def test_work_runs_in_a_thread_and_gives_its_result_or_error() -> None:
    workers = Workers(1, 1, Metrics())
    assert await workers.run(threading.get_ident) != threading.get_ident()

    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await workers.run(fail)
    assert await workers.run(lambda: 7) == 7


async def test_no_more_than_size_at_once() -> None:
    workers = Workers(2, 10, Metrics())
    now, most, lock = 0, 0, threading.Lock()
    meet = threading.Barrier(2, timeout=5)

    def work() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        meet.wait()
        with lock:
            now -= 1

    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(workers.run, work)
    assert most == 2


async def test_when_too_many_wait_the_next_is_told_to_come_again() -> None:
    metrics = Metrics()
    workers = Workers(1, 2, metrics)
    go = threading.Event()
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(workers.run, go.wait)
        await anyio.wait_all_tasks_blocked()
        assert "celmood_waiting_requests 2.0" in metrics.text().decode()
        with pytest.raises(ProblemError) as caught:
            await workers.run(go.wait)
        assert caught.value.kind.slug == "busy"
        assert int(caught.value.headers["Retry-After"]) > 0
        go.set()
    assert await workers.run(lambda: 1) == 1
    assert "celmood_waiting_requests 0.0" in metrics.text().decode()
