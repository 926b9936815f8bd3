"""Whether eyes are shut."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from contract.control import control_of, expression_vector
from contract.expression import DRAWN, INDEX, SIZE
from faces.canvas import Canvas
from faces.eyes import shut_eyes_of
from faces.plan import plan
from tests.painted_faces import in_sides, painted, seen

SIDE = 256
FACE = painted(120.0, (240.0, 200.0), (480, 480))
MATRIX, CROP = seen(Canvas(FACE.picture), FACE.landmarks, SIDE)
POINTS = in_sides(FACE.landmarks, MATRIX, SIDE)
SKIN = tuple(int(v) for v in CROP[round(0.52 * SIDE), round(0.3148 * SIDE)])


def asleep(*sides: str) -> np.ndarray:
    """The crop with a line on skin in place of these eyes."""
    face = CROP.copy()
    for side in sides:
        x, y = (round(SIDE * v) for v in POINTS[f"{side}_eye"])
        cv2.ellipse(face, (x, y), (30, 30), 0, 0, 360, SKIN, -1)
        cv2.line(face, (x - 20, y), (x + 20, y), (40, 20, 20), 2)
    return face


@pytest.mark.parametrize("sides", [(), ("left",), ("right",), ("left", "right")])
def test_eyes_that_are_shut_are_told(sides: tuple[str, ...]) -> None:
    assert shut_eyes_of(asleep(*sides), POINTS) == sides


def test_shut_eyes_are_not_asked_to_open() -> None:
    control = expression_vector(DRAWN)
    encoded = control_of(control, (), "surprised")
    one = plan(control, encoded, asleep("left", "right"), FACE.landmarks, MATRIX)
    for name in ("lid_upper_left", "lid_upper_right", "iris_size"):
        assert one.asked[SIZE + INDEX[name]] == 0
        assert name not in one.every
    assert one.asked[SIZE + INDEX["shade"]] == 1
    half = plan(control, encoded, asleep("left"), FACE.landmarks, MATRIX)
    assert half.asked[SIZE + INDEX["lid_upper_left"]] == 0
    assert half.asked[SIZE + INDEX["iris_size"]] == 1
