"""Who does what of an edit."""

from __future__ import annotations

import numpy as np
import pytest

from contract.control import control_of, expression_vector
from contract.expression import DRAWN, INDEX, SIZE
from contract.labels import LANDMARKS
from faces.canvas import Canvas
from faces.plan import plan
from tests.painted_faces import in_sides, painted, seen

SIDE = 256
FACE = painted(120.0, (240.0, 200.0), (480, 480))
MATRIX, CROP = seen(Canvas(FACE.picture), FACE.landmarks, SIDE)
POINTS = in_sides(FACE.landmarks, MATRIX, SIDE)
CONTROL = expression_vector(DRAWN)


def beside() -> np.ndarray:
    """A network's landmarks [2,27,2], each a tenth of a side to the right of where it is."""
    points = [(x + 0.1, y) for x, y in (POINTS[name] for name in LANDMARKS)]
    return np.array([points, points], np.float32)


def test_a_network_that_does_all_is_asked_for_all() -> None:
    whole = expression_vector()
    encoded = control_of(whole, (), "crying")
    one = plan(whole, encoded, CROP, FACE.landmarks, MATRIX)
    np.testing.assert_array_equal(one.asked, encoded)
    assert one.drawing(beside()) is None


def test_a_network_is_not_asked_for_what_is_drawn() -> None:
    encoded = control_of(CONTROL, (), "crying")
    one = plan(CONTROL, encoded, CROP, {}, MATRIX, 0.5)
    for name in DRAWN:
        assert one.asked[INDEX[name]] == one.asked[SIZE + INDEX[name]] == 0
    assert one.amounts["tears"] == 1
    drawing = one.drawing(beside())
    assert drawing is not None
    assert (drawing.amounts, drawing.share) == (one.amounts, 0.5)
    assert drawing.wanted["mouth_open"] == pytest.approx(0.3)


def test_a_finder_that_looks_closely_is_believed() -> None:
    encoded = control_of(CONTROL, (), "crying")
    drawing = plan(CONTROL, encoded, CROP, FACE.landmarks, MATRIX).drawing(beside())
    assert drawing is not None
    for name in ("left_eye", "right_eye_outer", "mouth", "chin"):
        assert drawing.before[name] == pytest.approx(POINTS[name])
    for name in ("left_brow_inner", "left_eye_bottom", "mouth_left"):
        assert drawing.before[name][0] == pytest.approx(POINTS[name][0] + 0.1)
    eyes = {name: FACE.landmarks[name] for name in ("left_eye", "right_eye")}
    rough = plan(CONTROL, encoded, CROP, eyes, MATRIX).drawing(beside())
    assert rough is not None
    assert rough.before["left_eye"][0] == pytest.approx(POINTS["left_eye"][0] + 0.1)
