"""Misaligned crops."""

from __future__ import annotations

import numpy as np

from trainer.data.misalignment import Misalignment


def test_nothing_moves_when_nothing_may() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    moved, other = Misalignment(0, 0, 0)(np.random.default_rng(1), picture, 255 - picture)
    assert np.array_equal(moved, picture)
    assert np.array_equal(other, 255 - picture)


def test_a_pair_moves_together_and_by_the_same_draw() -> None:
    ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8)[None, :, None], (32, 1, 3))
    first = Misalignment()(np.random.default_rng(4), ramp, ramp)
    again = Misalignment()(np.random.default_rng(4), ramp, ramp)
    assert np.array_equal(first[0], first[1])
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], ramp)


def test_the_shift_is_bounded() -> None:
    dot = np.zeros((64, 64, 3), np.uint8)
    dot[32, 32] = 255
    for seed in range(20):
        moved, _ = Misalignment(0, 0, 0.1)(np.random.default_rng(seed), dot, dot)
        y, x = np.unravel_index(int(moved[..., 0].argmax()), (64, 64))
        assert max(abs(int(y) - 32), abs(int(x) - 32)) <= 7
