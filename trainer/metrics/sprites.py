"""An editor against artists: its answer to a drawing, beside the artist's own drawing.

Error is L1 inside the region that the artist changed, within the crop of the first editor; a share
of 1 is that of leaving the picture as it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.control import strength
from faces.align import Matrix, crop, inverse, of_centres, similarity
from faces.canvas import RGB8, Canvas, Pixels
from faces.face import Point
from trainer.metrics.editors import Changer, served_control
from trainer.metrics.region import MARGIN, VISIBLE
from trainer.metrics.whole import edit, seen

REDRAWN: Final = 0.5
"""Where the artist changed more of the crop than this, the pose is another one."""

SHOWN: Final = 224
"""Side of the crops that are kept to be looked at, pixels."""

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answer:
    """One editor's answer: `share` of the error that is left, `spilled` the share of the rest of
    the crop that visibly changed though the artist left it alone, and how it looks."""

    share: float
    spilled: float
    shown: RGB8


@dataclass(frozen=True, slots=True)
class Compared:
    """One character from one expression to another; `region` is the share of the crop that the
    artist changed."""

    character: str
    source: str
    wanted: str
    region: float
    answers: Mapping[str, Answer]
    before: RGB8
    truth: RGB8

    @property
    def counts(self) -> bool:
        """Whether the artist changed something, and not everything."""
        return 0 < self.region <= REDRAWN


@dataclass(slots=True)
class SpriteFigures:
    """All that was compared, and what could not be: drawings without a face that was found, pairs
    of drawings that are not of one size."""

    compared: list[Compared] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)
    other_size: list[str] = field(default_factory=list)


def compare(
    editors: Mapping[str, Changer],
    character: str,
    pair: tuple[str, str],
    before: Canvas,
    truth: Canvas,
    landmarks: Mapping[str, Point],
    intensity: float = 1.0,
) -> Compared:
    """Ask every editor for `pair[1]` from the drawing `before` of `pair[0]`, whose face has
    `landmarks`. Both drawings are of one size. Raises EditorError or AlignmentError."""
    first = next(iter(editors.values()))
    size, ground = first.size, first.pixels.ground
    matrix = similarity(landmarks, first.template, size)
    old, new = seen(before.pixels, ground), seen(truth.pixels, ground)
    square = _square(matrix, size, before)
    region = square & (np.abs(new - old).max(axis=2) > VISIBLE)
    answers = {}
    for name, editor in editors.items():
        control = served_control(editor, pair[1], intensity)
        edited = edit(editor, before, landmarks, control, strength(intensity))
        result = seen(edited.pixels, ground)
        answers[name] = Answer(
            _share(old, result, new, region),
            _spilled(old, result, region, square, matrix, size),
            _shown(edited.pixels, matrix, size, ground),
        )
    return Compared(
        character,
        *pair,
        float(region.sum() / max(square.sum(), 1)),
        answers,
        _shown(before.pixels, matrix, size, ground),
        _shown(truth.pixels, matrix, size, ground),
    )


def _share(old: Floats, result: Floats, new: Floats, region: Mask) -> float:
    leaving = float(np.abs(new - old)[region].sum())
    return float(np.abs(new - result)[region].sum()) / leaving if leaving else math.nan


def _spilled(
    old: Floats, result: Floats, region: Mask, square: Mask, matrix: Matrix, size: int
) -> float:
    """Visible changes beyond the artist's region and a margin, a share of what lies there."""
    margin = max(1, round(MARGIN * size / math.hypot(matrix[0, 0], matrix[1, 0])))
    kernel = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    outside = square & ~cv2.dilate(region.astype(np.uint8), kernel).astype(bool)
    moved = np.abs(result - old).max(axis=2) > VISIBLE
    return float((moved & outside).sum() / max(outside.sum(), 1))


def _square(matrix: Matrix, size: int, canvas: Canvas) -> Mask:
    """The pixels of the picture that the crop covers."""
    inside = cv2.warpAffine(
        np.full((size, size), 255, np.uint8),
        of_centres(inverse(matrix)),
        (canvas.width, canvas.height),
        flags=cv2.INTER_NEAREST,
    )
    return np.asarray(inside > 0)


def _shown(pixels: Pixels, matrix: Matrix, size: int, ground: tuple[int, int, int]) -> RGB8:
    return crop(Canvas(pixels), matrix * (SHOWN / size), SHOWN, ground)
