"""Faces for tests, painted with OpenCV: skin, hair, eyes with a lash, brows where one wants them.

Everything is placed in eye distances from the middle between the eyes, x along them; left and right
are as seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.alignment import TEMPLATE
from contract.labels import LANDMARKS
from faces.align import Matrix, crop, similarity
from faces.canvas import Canvas
from faces.face import Point
from faces.frame import Frame

SKIN = (250, 224, 208)
HAIR = (96, 72, 168)
INK = (70, 44, 48)
IRIS = (60, 90, 150)
MOUTH = (150, 40, 50)
GROUND = (128, 128, 128)

_ONE_SIDE = {
    "{}_eye": (0.5, 0.0), "{}_eye_outer": (0.74, 0.02), "{}_eye_inner": (0.27, 0.02),
    "{}_eye_top": (0.5, -0.15), "{}_eye_bottom": (0.5, 0.15),
    "{}_brow_outer": (0.74, -0.36), "{}_brow_middle": (0.5, -0.38), "{}_brow_inner": (0.27, -0.36),
    "mouth_{}": (0.18, 0.72), "{}_jaw": (0.7, 0.8), "{}_cheek": (0.85, 0.45),
}  # fmt: skip
_POINTS: dict[str, Point] = {
    "nose": (0.0, 0.42), "mouth": (0.0, 0.72), "mouth_top": (0.0, 0.7),
    "mouth_bottom": (0.0, 0.74), "chin": (0.0, 1.15),
} | {
    name.format(side): (sign * x, y)
    for side, sign in (("left", -1), ("right", 1))
    for name, (x, y) in _ONE_SIDE.items()
}  # fmt: skip
POINTS: dict[str, Point] = {name: _POINTS[name] for name in LANDMARKS}
"""The landmarks of every face here."""

LEVEL_BROW = ((0.76, -0.36), (0.25, -0.36))
"""Outer and inner end of the right brow; the left one mirrors it."""

LASHES = ((0.26, 0.0), (0.5, -0.15), (0.75, 0.02))
"""The upper lashes of the right eye from end to end; the left ones mirror them."""

ROUND_LASHES = tuple((0.5 + 0.25 * t, 0.15 * t * t - 0.21) for t in (-1, -0.6, -0.2, 0.2, 0.6, 1))
"""Such of a wide open eye, whose `eye_height` is 0.2."""


@dataclass(frozen=True)
class Painted:
    """A picture [H, W, 3] with a face, and the pixels of its landmarks."""

    picture: NDArray[np.uint8]
    landmarks: dict[str, Point]


def points_in(size: float = 1.0) -> dict[str, Point]:
    """The landmarks in an aligned crop of `size` pixels; in sides of it by default."""
    (left, y), (right, _) = TEMPLATE["left_eye"], TEMPLATE["right_eye"]
    middle, unit = np.array(((left + right) / 2, y)), right - left
    return {n: tuple((size * (middle + unit * np.array(p))).tolist()) for n, p in POINTS.items()}


def painted(
    unit: float = 60.0,
    middle: Point = (120.0, 100.0),
    size: tuple[int, int] = (240, 240),
    *,
    brow: Sequence[Point] | None = LEVEL_BROW,
    brow_width: float = 0.045,
    brow_colour: Sequence[int] = INK,
    fringe: float = -0.75,
    strands: Sequence[Sequence[Point]] = (),
    eye_height: float = 0.14,
    iris: Sequence[int] = IRIS,
    lashes: Sequence[Point] | None = LASHES,
    open_mouth: Sequence[Point] | None = None,
) -> Painted:
    """An upright face whose eyes lie `unit` pixels apart around `middle`, in a picture of `size`
    (width, height). Hair ends at the height `fringe`, the brow lies over it; `strands` are filled
    with hair's colour. Eyes reach up and down by `eye_height`; `open_mouth` is the outline of a
    mouth that is not a line."""
    width, height = size
    picture = np.full((height, width, 3), (150, 190, 160), np.uint8)

    def pixels(points: Sequence[Point]) -> NDArray[np.int32]:
        places = (np.array(points) * unit + middle - 0.5) * 16
        return np.rint(places).astype(np.int32)

    def fill(points: Sequence[Point], colour: Sequence[int]) -> None:
        cv2.fillPoly(picture, [pixels(points)], tuple(colour), cv2.LINE_AA, 4)

    def line(points: Sequence[Point], colour: Sequence[int], thick: float) -> None:
        wide = max(1, round(thick * unit))
        cv2.polylines(picture, [pixels(points)], False, tuple(colour), wide, cv2.LINE_AA, 4)

    fill(oval(0, 0.2, 1.25, 1.25), HAIR)
    fill(oval(0, 0.25, 1.08, 1.05), SKIN)
    top = [(x, y) for x, y in oval(0, 0.2, 1.25, 1.25) if y < fringe]
    fill(top, HAIR)
    for sign in (-1, 1):
        fill(oval(0.5 * sign, 0.01, 0.24, eye_height), (255, 255, 255))
        fill(oval(0.5 * sign, 0.01, 0.11, eye_height - 0.01), iris)
        if lashes is not None:
            line([(sign * x, y) for x, y in lashes], INK, 0.06)
        if brow is not None:
            line([(sign * x, y) for x, y in brow], brow_colour, brow_width)
    if open_mouth is None:
        line([(-0.16, 0.72), (0.16, 0.72)], INK, 0.03)
    else:
        fill(open_mouth, MOUTH)
        line([*open_mouth, open_mouth[0]], INK, 0.03)
    for strand in strands:
        fill(strand, HAIR)
    places = {n: (unit * x + middle[0], unit * y + middle[1]) for n, (x, y) in POINTS.items()}
    return Painted(picture, places)


def magenta_face() -> NDArray[np.uint8]:
    """A picture [240, 240, 3] with a face that the finder of `tests.magenta_models` sees."""
    picture = painted(60.0, (120.0, 100.0)).picture
    picture[88:118, 105:135] = (255, 0, 255)
    return picture


def seen(
    canvas: Canvas, landmarks: Mapping[str, Point], size: int = 256
) -> tuple[Matrix, NDArray[np.uint8]]:
    """How an aligned crop of `size` pixels lies on the picture, and that crop."""
    matrix = similarity(landmarks, TEMPLATE, size)
    return matrix, crop(canvas, matrix, size, GROUND)


def in_sides(landmarks: Mapping[str, Point], matrix: Matrix, size: int = 256) -> dict[str, Point]:
    """Landmarks of the picture in sides of the crop."""
    places = {n: matrix[:, :2] @ np.array(p) + matrix[:, 2] for n, p in landmarks.items()}
    return {n: (float(x) / size, float(y) / size) for n, (x, y) in places.items()}


def frame_of(face: Painted) -> Frame:
    """The face's own units, by its landmarks."""
    matrix = similarity(face.landmarks, TEMPLATE, 256)
    frame = Frame.of(in_sides(face.landmarks, matrix), matrix, 256)
    assert frame is not None
    return frame


def turned(face: Painted) -> Painted:
    """The face turned by 90 degrees, clockwise."""
    height = face.picture.shape[0]
    return Painted(
        np.ascontiguousarray(np.rot90(face.picture, -1)),
        {n: (height - y, x) for n, (x, y) in face.landmarks.items()},
    )


def oval(x: float, y: float, wide: float, tall: float) -> list[Point]:
    """An outline around (x, y), half as wide and half as tall as said."""
    t = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    return list(zip((x + wide * np.cos(t)).tolist(), (y + tall * np.sin(t)).tolist(), strict=True))
