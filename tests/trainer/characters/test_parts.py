"""Part masks lie where the landmarks say, and follow the expression."""

from __future__ import annotations

import numpy as np

from contract.expression import NEUTRAL, vector
from contract.labels import LANDMARKS
from trainer.characters import View, draw, sample_character
from trainer.characters.parts import PARTS, part_masks

SIZE = 256


def test_masks_hold_their_landmarks() -> None:
    character, view = sample_character(8), View(yaw=0.3, roll=5)
    masks = part_masks(character, view, NEUTRAL, SIZE)
    points = draw(character, view, NEUTRAL, SIZE).landmarks
    assert tuple(masks) == PARTS
    for part, name in (
        ("left_eye", "left_eye"), ("right_eye", "right_eye"), ("left_brow", "left_brow_middle"),
        ("right_brow", "right_brow_middle"), ("mouth", "mouth_top"), ("face", "nose"),
    ):  # fmt: skip
        x, y = points[LANDMARKS.index(name)].round().astype(int)
        assert masks[part][y - 2 : y + 3, x - 2 : x + 3].max() > 128, part
    assert all(m.shape == (SIZE, SIZE) and m.dtype == np.uint8 for m in masks.values())


def test_masks_follow_the_expression() -> None:
    character, view = sample_character(8), View()
    rest = part_masks(character, view, NEUTRAL, SIZE)
    moved = part_masks(character, view, vector({"mouth_open": 1.0, "lid_upper_left": 0.0}), SIZE)
    assert (moved["mouth"] > 128).sum() > 2 * (rest["mouth"] > 128).sum()
    assert (moved["left_eye"] > 128).sum() < 0.5 * (rest["left_eye"] > 128).sum()
    for part in ("face", "front_hair", "right_eye"):
        np.testing.assert_array_equal(moved[part], rest[part])
