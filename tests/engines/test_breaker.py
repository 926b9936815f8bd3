"""A circuit breaker: open after failures in a row, closed by a success."""

from __future__ import annotations

from engines.breaker import Breaker


def test_it_opens_after_failures_in_a_row() -> None:
    breaker = Breaker(failures=2)
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    assert not breaker.open
    breaker.failed()
    assert breaker.open


def test_a_success_closes_it() -> None:
    breaker = Breaker(failures=1)
    breaker.failed()
    breaker.succeeded()
    assert not breaker.open
