"""What a request costs, known before a pixel is decoded, and how many seconds that has meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final

from serving import header

PIXELS_PER_UNIT: Final = 1_000_000
"""A million pixels take about as long as a face: both are one unit of cost."""

_FIRST_GUESS_S: Final = 0.25
"""Rather slow, so that a first burst is not promised too much."""

_NEWEST: Final = 0.2
"""Weight of the newest measurement in the mean."""


_FINDER: ContextVar[Callable[[int], None] | None] = ContextVar("celmood_faces", default=None)


@dataclass(frozen=True)
class Cost:
    """`pixels` to decode and to draw, and `faces` to look at. Work of one `kind` keeps one pace."""

    kind: str
    pixels: int
    faces: int = 1

    @property
    def units(self) -> float:
        """One for each face, and one for each million pixels."""
        return self.faces + self.pixels / PIXELS_PER_UNIT

    def with_found(self, faces: int) -> Cost:
        """The cost when so many faces have been found where one was counted."""
        return replace(self, faces=self.faces * faces)


@contextmanager
def told_of_faces(tell: Callable[[int], None]) -> Iterator[None]:
    """Within the block `tell` is told how many faces have been found to work on."""
    token = _FINDER.set(tell)
    try:
        yield
    finally:
        _FINDER.reset(token)


def faces_found(count: int) -> None:
    """Tell whoever waits for it how many faces there are, where that was not known before."""
    tell = _FINDER.get()
    if tell is not None:
        tell(count)


def pixels_of(data: bytes, max_pixels: int) -> int:
    """The pixels of the picture `data`, from its header.

    What will be refused unread has none; a picture that hides its size counts as the largest.
    """
    size = header.size(data)
    if size is None:
        return max_pixels if header.is_picture(data) else 0
    pixels = size[0] * size[1]
    return pixels if pixels <= max_pixels else 0


class Pace:
    """Seconds per unit of cost of each kind of work: a moving mean of what was measured."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def seconds(self, cost: Cost) -> float:
        """How long work of this cost may be expected to take in one thread."""
        return cost.units * self._seconds.get(cost.kind, _FIRST_GUESS_S)

    def learn(self, cost: Cost, seconds: float, *, ended: bool = True) -> None:
        """Work of this cost took `seconds`; not `ended`, it was given up after so long.

        What was given up tells only that the pace is no faster than this.
        """
        measured = seconds / cost.units
        known = self._seconds.get(cost.kind)
        if known is None and ended:
            self._seconds[cost.kind] = measured
            return
        known = _FIRST_GUESS_S if known is None else known
        if ended or measured > known:
            self._seconds[cost.kind] = known + _NEWEST * (measured - known)
