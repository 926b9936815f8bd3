"""Where to look for faces that are too small to be seen in the whole picture.

Squares that overlap, on a level each of a quarter of the side of the level before, down to such as
show a face of 32 pixels large enough. Looking is left to `faces.find`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from faces.canvas import Canvas
from faces.face import Box
from faces.letterbox import squares

FINEST: Final = 2.25
"""Pixels of the picture in one of a view on the last level: a face of 32 pixels is 14 there
(docs/quality.md)."""

MOST_PARTS: Final = 256
"""Squares of a level: where there would be more, they are made larger."""

_STEP: Final = 4
"""Sides of a level's squares in one of the level before."""

_ALIKE: Final = 1.5
"""A level whose squares are so many times as large as the finest is left out for those."""

_SHARED: Final = 1 / 16
"""Overlap of squares in sides of the level before: a larger face can be seen there."""


@dataclass(frozen=True, slots=True)
class Level:
    """Squares over all of the picture, to find faces of at most `largest` pixels."""

    parts: tuple[Box, ...]
    largest: float


def levels(canvas: Canvas, size: int) -> list[Level]:
    """The levels below the whole picture for views of `size` pixels, the coarsest first."""
    result = []
    side, finest = float(max(canvas.width, canvas.height)), FINEST * size
    while side > finest:
        overlap = _SHARED * side
        side /= _STEP
        if side < _ALIKE * finest:
            side = finest
        result.append(Level(_few_squares(canvas, side, overlap), 2 * overlap))
    return result


def _few_squares(canvas: Canvas, side: float, overlap: float) -> tuple[Box, ...]:
    """Squares of `side` or of the least larger one of which MOST_PARTS are enough."""
    while len(parts := squares(canvas, side, overlap)) > MOST_PARTS:
        side *= 1.05
    return tuple(parts)
