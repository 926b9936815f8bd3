"""Cancellations: called once, at once when late, never after the block; carried into threads."""

from __future__ import annotations

import asyncio
import threading

from engines.cancel import Cancellation, current, working_under


def test_it_calls_those_inside_their_block_once() -> None:
    cancellation, calls = Cancellation(), []
    with cancellation.calling(lambda: calls.append("left before")):
        pass
    with (
        cancellation.calling(lambda: calls.append("first")),
        cancellation.calling(lambda: calls.append("second")),
    ):
        assert calls == []
        cancellation.cancel()
        cancellation.cancel()
    assert cancellation.cancelled
    assert calls == ["first", "second"]


def test_who_comes_late_is_called_at_once() -> None:
    cancellation, calls = Cancellation(), []
    cancellation.cancel()
    with cancellation.calling(lambda: calls.append("late")):
        assert calls == ["late"]
    assert calls == ["late"]


def test_a_block_may_be_cancelled_from_another_thread() -> None:
    cancellation, seen = Cancellation(), threading.Event()
    with cancellation.calling(seen.set):
        threading.Thread(target=cancellation.cancel).start()
        assert seen.wait(10)


def test_the_current_one_goes_along_into_a_thread() -> None:
    cancellation = Cancellation()

    async def work() -> Cancellation | None:
        with working_under(cancellation):
            return await asyncio.to_thread(current)

    assert asyncio.run(work()) is cancellation
    assert current() is None
