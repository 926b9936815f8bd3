"""Labels of mirrored pictures."""

from __future__ import annotations

import numpy as np

from contract import expression
from contract.labels import LANDMARKS
from trainer.data.mirror import flip_landmarks, flip_vectors


def test_a_wink_changes_eyes_and_gaze_turns() -> None:
    right = expression.preset("wink")
    right[expression.INDEX["gaze_x"]] = 0.5
    right[expression.INDEX["mouth_skew"]] = -0.25
    left = flip_vectors(right)
    assert left[expression.INDEX["lid_upper_left"]] == 0.0
    assert left[expression.INDEX["lid_upper_right"]] == 1.0
    assert left[expression.INDEX["gaze_x"]] == -0.5
    assert left[expression.INDEX["mouth_skew"]] == 0.25
    sideless = [
        i
        for i, n in enumerate(expression.NAMES)
        if "left" not in n and "right" not in n and n not in ("gaze_x", "mouth_skew")
    ]
    np.testing.assert_array_equal(left[sideless], right[sideless])


def test_flipping_twice_changes_nothing() -> None:
    random = np.random.default_rng(1)
    vectors = random.random((5, expression.SIZE), np.float32)
    np.testing.assert_array_equal(flip_vectors(flip_vectors(vectors)), vectors)
    points = random.integers(0, 64, (5, len(LANDMARKS), 2)).astype(np.float32)
    np.testing.assert_array_equal(flip_landmarks(flip_landmarks(points, 64), 64), points)


def test_flipped_landmarks_keep_left_on_the_left() -> None:
    points = np.zeros((len(LANDMARKS), 2), np.float32)
    points[LANDMARKS.index("left_eye_outer")] = (10, 20)
    points[LANDMARKS.index("right_eye_outer")] = (50, 24)
    flipped = flip_landmarks(points, 64)
    assert flipped[LANDMARKS.index("left_eye_outer")].tolist() == [14, 24]
    assert flipped[LANDMARKS.index("right_eye_outer")].tolist() == [54, 20]
