from __future__ import annotations

import pytest

import celmood
from celmood._constants import FIRST_RETRY_DELAY, LONGEST_RETRY_AFTER, LONGEST_RETRY_DELAY
from celmood._retries import Retries


def busy(retry_after: float | None = None, status: int = 503) -> celmood.ServiceError:
    return celmood.BusyError("busy", status=status, retry_after=retry_after)


def test_the_wait_doubles_up_to_a_limit_and_jitter_takes_up_to_half() -> None:
    whole = [Retries(9, lambda: 0.0).delay(busy(), attempt) for attempt in range(7)]
    assert whole == [min(FIRST_RETRY_DELAY * 2**n, LONGEST_RETRY_DELAY) for n in range(7)]
    least = [Retries(9, lambda: 1.0).delay(busy(), attempt) for attempt in range(7)]
    assert least == [delay / 2 for delay in whole if delay]


@pytest.mark.parametrize("chance", [0.0, 0.99])
def test_never_earlier_than_retry_after(chance: float) -> None:
    delay = Retries(2, lambda: chance).delay(busy(7.0), 0)
    assert delay is not None
    assert 7.0 <= delay < 7.0 + FIRST_RETRY_DELAY


def test_a_retry_after_that_is_too_long_is_left_to_the_caller() -> None:
    assert Retries(2).delay(busy(LONGEST_RETRY_AFTER + 1), 0) is None


def test_gives_up_after_the_limit() -> None:
    retries = Retries(2)
    assert retries.delay(busy(), 1) is not None
    assert retries.delay(busy(), 2) is None
    assert Retries(0).delay(busy(), 0) is None


@pytest.mark.parametrize(
    ("failure", "again"),
    [
        (busy(status=429), True),
        (busy(status=503), True),
        (celmood.ServiceError("from a proxy", status=503), True),
        (celmood.ConnectionFailedError("refused"), True),
        (celmood.RequestTimeoutError("late"), False),
        (celmood.ServiceTimeoutError("late", status=504), False),
        (celmood.InternalServiceError("oh", status=500), False),
        (celmood.NoFaceError("none", status=422), False),
        (celmood.UnexpectedAnswerError("what"), False),
    ],
)
def test_only_what_may_pass_is_repeated(failure: celmood.CelmoodError, again: bool) -> None:
    assert (Retries(2).delay(failure, 0) is not None) is again
