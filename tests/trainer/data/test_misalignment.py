"""Misaligned crops."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from trainer.data.augment import Pair
from trainer.data.misalignment import Misalignment

NO_POINTS = np.zeros((0, 2), np.float32)


def test_nothing_moves_when_nothing_may() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    pair = Pair(picture, 255 - picture, np.array([[3.5, 9.0]], np.float32))
    moved, other, points = Misalignment(0, 0, 0)(np.random.default_rng(1), pair)
    assert np.array_equal(moved, picture)
    assert np.array_equal(other, 255 - picture)
    np.testing.assert_allclose(points, [[3.5, 9.0]], atol=1e-5)


def test_a_pair_moves_together_and_by_the_same_draw() -> None:
    ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8)[None, :, None], (32, 1, 3))
    first = Misalignment()(np.random.default_rng(4), Pair(ramp, ramp, NO_POINTS))
    again = Misalignment()(np.random.default_rng(4), Pair(ramp, ramp, NO_POINTS))
    assert np.array_equal(first[0], first[1])
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], ramp)


def test_the_shift_is_bounded() -> None:
    dot = np.zeros((64, 64, 3), np.uint8)
    dot[32, 32] = 255
    for seed in range(20):
        moved = Misalignment(0, 0, 0.1)(
            np.random.default_rng(seed), Pair(dot, dot, NO_POINTS)
        ).source
        y, x = np.unravel_index(int(moved[..., 0].argmax()), (64, 64))
        assert max(abs(int(y) - 32), abs(int(x) - 32)) <= 7


def test_points_stay_on_what_they_mark() -> None:
    marks = np.array([[40, 24], [20, 50]])  # x, y of two pixels
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[marks[:, 1], marks[:, 0]] = 255
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2), np.uint8)
    for seed in range(10):
        pair = Pair(soft, soft, (marks + 0.5).astype(np.float32))
        moved = Misalignment()(np.random.default_rng(seed), pair)
        for x, y in moved.points:
            near = moved.target[int(y) - 4 : int(y) + 5, int(x) - 4 : int(x) + 5, 0].astype(float)
            rows, columns = np.mgrid[int(y) - 4 : int(y) + 5, int(x) - 4 : int(x) + 5] + 0.5
            assert (near * columns).sum() / near.sum() == pytest.approx(x, abs=0.3)
            assert (near * rows).sum() / near.sum() == pytest.approx(y, abs=0.3)
