"""When a failed call is repeated, and how long to wait before it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from celmood._constants import (
    DEFAULT_MAX_RETRIES,
    FIRST_RETRY_DELAY,
    LONGEST_RETRY_AFTER,
    LONGEST_RETRY_DELAY,
    RETRIED_STATUSES,
)
from celmood._errors import CelmoodError, ConnectionFailedError, RequestTimeoutError, ServiceError


@dataclass(frozen=True, slots=True)
class Retries:
    """At most `limit` repetitions; `chance` draws the jitter, in [0, 1)."""

    limit: int = DEFAULT_MAX_RETRIES
    chance: Callable[[], float] = random.random

    def delay(self, failure: CelmoodError, attempt: int) -> float | None:
        """Seconds to wait after `failure` of attempt number `attempt` (from 0); None: give up.

        A Retry-After is the least that is waited. Without one the wait doubles each time, and
        jitter takes away up to half, so that many callers do not come back together.
        """
        if attempt >= self.limit or not _passing(failure):
            return None
        wanted = failure.retry_after if isinstance(failure, ServiceError) else None
        if wanted is None:
            backoff: float = min(FIRST_RETRY_DELAY * 2**attempt, LONGEST_RETRY_DELAY)
            return backoff * (1 - self.chance() / 2)
        if wanted > LONGEST_RETRY_AFTER:
            return None
        return wanted + FIRST_RETRY_DELAY * self.chance()


def _passing(failure: CelmoodError) -> bool:
    """Whether the cause may pass. An answer that took too long would take as long again."""
    if isinstance(failure, ServiceError):
        return failure.status in RETRIED_STATUSES
    return isinstance(failure, ConnectionFailedError) and not isinstance(
        failure, RequestTimeoutError
    )
