"""Bring a face into the place where networks expect it: a similarity transform from the
landmarks of a template.

Transforms are 2 x 3 matrices on continuous coordinates (a pixel's centre lies at 0.5).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.canvas import RGB8, Canvas, Colour, halved, over_ground, reduced, whole_pixels
from faces.face import Box, Point

Matrix = NDArray[np.float64]
"""[2, 3]: the last column is the shift."""


_EYES: Final = ("left_eye", "right_eye")


class AlignmentError(ValueError):
    """The eyes coincide or are missing, so no crop can be laid over the face."""


def similarity(landmarks: Mapping[str, Point], template: Mapping[str, Point], size: int) -> Matrix:
    """The transform from the picture to a crop of `size` pixels that brings the landmarks home.

    `template` is in fractions of the crop's side. Two eyes alone come exactly to their places; of
    more points, those that `landmarks` has come as near as they can, by least squares (Umeyama
    1991, here on complex numbers). Raises AlignmentError.
    """
    for name in _EYES:
        if name not in landmarks or name not in template:
            raise AlignmentError(f"the landmark {name!r} is needed to align a face")
    apart = math.dist(*(landmarks[name] for name in _EYES))
    if apart < 1e-3 or not math.isfinite(apart):
        raise AlignmentError("the two eye centres coincide, so the face cannot be aligned")
    names = [name for name in template if name in landmarks]
    source = np.array([complex(*landmarks[name]) for name in names])
    target = np.array([complex(*template[name]) for name in names]) * size
    middle = source.mean()
    turn = np.vdot(source - middle, target) / np.vdot(source - middle, source - middle)
    shift = target.mean() - turn * middle
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def inverse(matrix: Matrix) -> Matrix:
    """The transform back: from the crop to the picture."""
    back = np.linalg.inv(matrix[:, :2])
    return np.hstack([back, -back @ matrix[:, 2:]])


def scale_of(matrix: Matrix) -> float:
    """How many pixels of the target one pixel of the source becomes."""
    return float(math.hypot(matrix[0, 0], matrix[1, 0]))


def scaled(matrix: Matrix, before: Point = (1.0, 1.0), origin: Point = (0.0, 0.0)) -> Matrix:
    """`matrix` for a source that was cut off at `origin` and then resized by `before`."""
    result = matrix.copy()
    result[:, 2] += matrix[:, :2] @ np.array(origin)
    result[:, :2] = matrix[:, :2] / np.array(before)
    return result


def of_centres(matrix: Matrix) -> Matrix:
    """The same transform for OpenCV, which counts from the middle of the first pixel."""
    result = matrix.copy()
    result[:, 2] += matrix[:, :2] @ np.array([0.5, 0.5]) - 0.5
    return result


def covered(matrix: Matrix, size: int) -> Box:
    """The rectangle of the picture that a crop of `size` pixels touches."""
    corners = np.array([[0, size, 0, size], [0, 0, size, size], [1, 1, 1, 1]], np.float64)
    x, y = inverse(matrix) @ corners
    return Box(float(x.min()), float(y.min()), float(np.ptp(x)), float(np.ptp(y)))


def crop(canvas: Canvas, matrix: Matrix, size: int, ground: Colour) -> RGB8:
    """The aligned face [size, size, 3] in sRGB; beyond the picture its border goes on.

    A face larger than the crop is sampled at twice the crop's size and averaged, so that lines do
    not break.
    """
    scale = scale_of(matrix)
    reach = covered(matrix, size)
    margin = 2 + 2 / scale
    left, right = whole_pixels(reach.x - margin, reach.x + reach.width + margin, canvas.width)
    top, bottom = whole_pixels(reach.y - margin, reach.y + reach.height + margin, canvas.height)
    times = 2 if scale < 1 else 1
    samples, step = reduced(canvas, (left, top, right, bottom), times * scale)
    local = of_centres(scaled(times * matrix, (1 / step, 1 / step), (left, top)))
    turned = cv2.warpAffine(
        samples,
        local,
        (times * size, times * size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    seen = np.asarray(turned, np.uint8)
    return over_ground(halved(seen) if times > 1 else seen, canvas, ground)
