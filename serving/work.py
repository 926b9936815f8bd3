"""Where image work runs: a few threads, a bounded number of requests that wait for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from serving.metrics import Metrics
from serving.problems import BUSY, ProblemError

T = TypeVar("T")


class Workers:
    """At most `size` calls at once, at most `queue` that wait; more are told to come again.

    A caller that goes away leaves its thread to finish: the place is free when the work has ended,
    not before.
    """

    def __init__(self, size: int, queue: int, metrics: Metrics) -> None:
        self.size = size
        self._queue = queue
        self._inside = 0
        self._metrics = metrics
        self._limiter: anyio.CapacityLimiter | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in a thread. Raises ProblemError when too many wait."""
        if self._inside >= self.size + self._queue:
            raise ProblemError(
                BUSY,
                "too many requests are waiting; try again in a few seconds",
                headers={"Retry-After": "2"},
            )
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self.size)
        self._inside += 1
        self._metrics.waiting.set(max(0, self._inside - self.size))
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._inside -= 1
            self._metrics.waiting.set(max(0, self._inside - self.size))
