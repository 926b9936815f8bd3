"""The stages of an edit, one after the other: how long each took, and whether it may start."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from engines.cancel import current
from engines.protocol import EngineCancelledError, EngineTimeoutError
from serving.tracing import span

STAGES: Final = ("decode", "find", "align", "infer", "paste", "encode")

Observer = Callable[[str, float], None]
"""Is told a stage and its seconds."""


@dataclass
class Clock:
    """Of one request. `deadline` is a time of `time.monotonic()`; `timings` in seconds by stage."""

    observe: Observer
    deadline: float | None
    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times the block. Raises EngineTimeoutError or EngineCancelledError before it starts."""
        self._check(name)
        start = time.perf_counter()
        try:
            with span(name):
                yield
        finally:
            seconds = time.perf_counter() - start
            self.timings[name] = self.timings.get(name, 0.0) + seconds
            self.observe(name, seconds)

    def left(self) -> float | None:
        """Seconds until the deadline; zero or less when it has passed."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def _check(self, stage: str) -> None:
        """No stage starts that comes too late or that nobody waits for."""
        cancellation = current()
        if cancellation is not None and cancellation.cancelled:
            raise EngineCancelledError(f"nobody waits any more for the stage {stage}")
        left = self.left()
        if left is not None and left <= 0:
            raise EngineTimeoutError(f"no time is left for the stage {stage}")


def nobody(stage: str, seconds: float) -> None:
    """Where nobody wants to know the times."""
