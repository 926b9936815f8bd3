"""Boxes of faces that a caller gives, held against the picture they are meant for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Final

from faces.canvas import Canvas
from faces.face import Box
from serving.request_errors import BoxError

_SMALLEST_BOX: Final = 8.0

_SAME_FACE: Final = 0.8
"""Two given boxes that overlap more than this are of one face."""


def check_boxes(boxes: Sequence[Box], canvas: Canvas, most: int) -> None:
    """One to `most` boxes of this picture, each of another face. Raises BoxError."""
    for box in boxes:
        _check_box(box, canvas)
    if not 0 < len(boxes) <= most:
        raise BoxError(f"`faces` has {len(boxes)} boxes; give at least 1 and at most {most}")
    _check_distinct(boxes)


def _check_distinct(boxes: Sequence[Box]) -> None:
    """A face that is given twice would be changed twice, on top of each other."""
    for first, second in combinations(boxes, 2):
        if first.overlap(second) > _SAME_FACE:
            raise same_face(first, second)


def same_face(first: Box, second: Box) -> BoxError:
    """What is said of two boxes over one face."""
    return BoxError(
        f"the boxes {_told(first)} and {_told(second)} are of the same face; give it once"
    )


def _told(box: Box) -> str:
    return f"[{box.x:g}, {box.y:g}, {box.width:g}, {box.height:g}]"


def _check_box(box: Box, canvas: Canvas) -> None:
    x, y = box.centre
    told = _told(box)
    if not all(map(math.isfinite, (x, y, box.width, box.height))):
        raise BoxError(f"the box {told} is not made of finite numbers")
    if min(box.width, box.height) < _SMALLEST_BOX:
        raise BoxError(f"the box {told} is too small; a face is at least {_SMALLEST_BOX:g} pixels")
    inside = 0 <= x < canvas.width and 0 <= y < canvas.height
    if not inside or box.longer > 4 * max(canvas.width, canvas.height):
        raise BoxError(
            f"the box {told} lies outside the picture of {canvas.width} x {canvas.height} pixels; "
            "boxes are [x, y, width, height] in pixels of the picture as shown"
        )
