"""Whether eyes are shut in a picture: no network can open them to eyes that nobody has seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from faces.canvas import RGB8
from faces.face import Point
from faces.ink import Light

_WIDE: Final = 0.3
_TALL: Final = 0.13
"""Half the place that an open iris fills with the white around it: of the eye's width, and in eye
distances."""

_OTHER: Final = 0.8
"""Iris, white and pupil are further from the skin's colour than this (`faces.ink.Light`)."""

_SHUT: Final = 0.42
_BOTH_SHUT: Final = 0.56
"""A smaller share of them in that place is an eye that is shut, beside an open one or both."""


def shut_eyes_of(face: RGB8, landmarks: Mapping[str, Point]) -> tuple[str, ...]:
    """Which eyes of the aligned crop `face` [S, S, 3] are shut: of `left` and `right`, as seen.

    `landmarks`, in sides of the crop, need the eyes' middles and corners, and the mouth.
    """
    points = {name: np.array(place) * face.shape[0] for name, place in landmarks.items()}
    unit = float(np.hypot(*(points["right_eye"] - points["left_eye"])))
    off = Light.of_crop(face, points, unit).off_skin(face.astype(np.float32) / np.float32(255))
    shares = {side: _share(off > _OTHER, points, side, unit) for side in ("left", "right")}
    least = _BOTH_SHUT if max(shares.values()) < _BOTH_SHUT else _SHUT
    return tuple(side for side, share in shares.items() if share < least)


def _share(
    other: NDArray[np.bool_], points: Mapping[str, NDArray[np.float64]], side: str, unit: float
) -> float:
    """How much of the place of an open eye is not skin, 0 to 1."""
    x, y = points[f"{side}_eye"]
    width = abs(points[f"{side}_eye_outer"][0] - points[f"{side}_eye_inner"][0])
    rows, columns = np.ogrid[: other.shape[0], : other.shape[1]]
    across = (columns - x) / max(_WIDE * width, 1.0)
    place = across**2 + ((rows - y) / (_TALL * unit)) ** 2 < 1
    return float(other[place].mean()) if place.any() else 1.0
