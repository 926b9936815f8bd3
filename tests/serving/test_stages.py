from __future__ import annotations

import time

import pytest

from engines.cancel import Cancellation, working_under
from engines.protocol import EngineCancelledError, EngineTimeoutError
from serving.stages import Clock, nobody


def test_the_times_of_a_stage_add_up_and_are_told() -> None:
    told: list[tuple[str, float]] = []
    clock = Clock(lambda stage, seconds: told.append((stage, seconds)), None)
    for _ in range(2):
        with clock.stage("find"):
            pass
    assert clock.timings == {"find": pytest.approx(sum(seconds for _, seconds in told))}
    assert clock.left() is None


def test_a_stage_that_fails_is_told_too() -> None:
    clock = Clock(nobody, None)
    with pytest.raises(ZeroDivisionError), clock.stage("infer"):
        raise ZeroDivisionError
    assert set(clock.timings) == {"infer"}


def test_no_stage_starts_too_late() -> None:
    clock = Clock(nobody, time.monotonic() - 1)
    with pytest.raises(EngineTimeoutError, match="paste"), clock.stage("paste"):
        pytest.fail("it started")
    left = clock.left()
    assert left is not None
    assert left < 0


def test_no_stage_starts_that_nobody_waits_for() -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with (
        working_under(cancellation),
        pytest.raises(EngineCancelledError, match="encode"),
        Clock(nobody, None).stage("encode"),
    ):
        pytest.fail("it started")
