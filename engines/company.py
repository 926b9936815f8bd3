"""How many pictures are in work in this process at once: whether a run has cores to itself.

A run that spreads over several cores is sooner done, and costs more processor time than on one. So
it pays as long as the others would stand idle. Whoever works on a picture says so; the engine asks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_pictures = 0


@contextmanager
def in_work() -> Iterator[None]:
    """Count a picture within the block."""
    global _pictures
    with _lock:
        _pictures += 1
    try:
        yield
    finally:
        with _lock:
            _pictures -= 1


def cores_are_busy(cores: int) -> bool:
    """Whether the pictures in work, each on one core, keep more than half of `cores` busy."""
    return 2 * _pictures > cores
