"""Which work may wait: people who look at a picture go before jobs that run for hours.

Engines that queue (Triton) take the background's requests when no others wait; the engine in this
process has no queue and takes no notice. The context goes along with `asyncio.to_thread`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_BACKGROUND: ContextVar[bool] = ContextVar("celmood_background", default=False)


def in_background() -> bool:
    """Whether this thread or task works on something that nobody looks at."""
    return _BACKGROUND.get()


@contextmanager
def background() -> Iterator[None]:
    """Let the runs of the block go after all others."""
    token = _BACKGROUND.set(True)
    try:
        yield
    finally:
        _BACKGROUND.reset(token)
