"""When a failed call is repeated, and how long to wait before it."""

from __future__ import annotations

import random
import uuid
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


class Tries:
    """The tries of one call, all under one `request_id`."""

    def __init__(self, retries: Retries) -> None:
        self.request_id = uuid.uuid4().hex
        self._retries = retries
        self._failed = 0

    def delay(self, failure: CelmoodError) -> float:
        """Seconds from `failure` to the next try. Raises `failure` when there is none."""
        delay = self._retries.delay(failure, self._failed)
        if delay is None:
            raise failure
        self._failed += 1
        return delay

    def restart(self) -> None:
        """Forget the failures: what was tried has gone on."""
        self._failed = 0


def _passing(failure: CelmoodError) -> bool:
    """Whether the cause may pass. An answer that took too long would take as long again."""
    if isinstance(failure, ServiceError):
        return failure.status in RETRIED_STATUSES
    return isinstance(failure, ConnectionFailedError) and not isinstance(
        failure, RequestTimeoutError
    )
