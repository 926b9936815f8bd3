"""A face's own units, and the way back to the picture."""

from __future__ import annotations

import numpy as np
import pytest

from faces.frame import Frame
from tests.painted_faces import POINTS, Painted, frame_of, painted, turned

FACE = painted(60.0, (120.0, 100.0))


@pytest.mark.parametrize("face", [FACE, turned(FACE), turned(turned(FACE))])
def test_points_are_in_eye_distances_however_a_face_is_turned(face: Painted) -> None:
    frame = frame_of(face)
    assert frame.unit == pytest.approx(60)
    for name, place in POINTS.items():
        np.testing.assert_allclose(frame.points[name], place, atol=1e-9)


@pytest.mark.parametrize("face", [FACE, turned(FACE)])
def test_the_way_there_leads_to_where_the_landmarks_lie(face: Painted) -> None:
    frame = frame_of(face)
    there = frame.picture(np.stack(list(frame.points.values())))
    np.testing.assert_allclose(there, list(face.landmarks.values()), atol=1e-6)


@pytest.mark.parametrize("eye", [(0.5, 0.5), (0.501, 0.5), (float("nan"), 0.5)])
def test_eyes_in_one_place_make_no_face(eye: tuple[float, float]) -> None:
    landmarks = {"left_eye": (0.5, 0.5), "right_eye": eye}
    assert Frame.of(landmarks, np.eye(2, 3), 256) is None
    assert Frame.of(landmarks | {"right_eye": (0.6, 0.5)}, np.eye(2, 3), 256) is not None
