"""Photometric changes keep a pair a pair."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.data.augment import Pair, Photometric, colour_matrix, tone_curve

NO_POINTS = np.zeros((0, 2), np.float32)


def test_equal_pixels_stay_equal_and_the_rest_moves() -> None:
    random = np.random.default_rng(0)
    source = random.integers(0, 256, (16, 16, 3), np.uint8)
    target = source.copy()
    target[4:8] = random.integers(0, 256, (4, 16, 3), np.uint8)
    changed = 0
    for seed in range(10):
        a, b, _ = Photometric()(np.random.default_rng(seed), Pair(source, target, NO_POINTS))
        np.testing.assert_array_equal(a[8:], b[8:])
        changed += int((a != source).any())
    assert changed == 10


def test_the_share_of_grey_pairs() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    random = np.random.default_rng(2)
    always = Photometric(grey=1.0)(random, Pair(picture, picture, NO_POINTS))[0].astype(int)
    assert np.ptp(always, axis=2).max() <= 1
    never = Photometric(grey=0.0)(random, Pair(picture, picture, NO_POINTS))[0].astype(int)
    assert np.ptp(never, axis=2).max() > 10


@pytest.mark.parametrize("hue", [0.0, 0.5, -1.0])
@pytest.mark.parametrize("saturation", [0.0, 1.0, 1.5])
def test_greys_stay_grey(hue: float, saturation: float) -> None:
    np.testing.assert_allclose(colour_matrix(hue, saturation).sum(axis=1), 1.0, atol=1e-6)


def test_a_third_of_a_turn_moves_red_to_green() -> None:
    turned = colour_matrix(2 * np.pi / 3, 1.0) @ np.array([1.0, 0.0, 0.0])
    np.testing.assert_allclose(turned, [0.0, 1.0, 0.0], atol=1e-6)


def test_the_tone_curve_at_rest_is_the_identity() -> None:
    np.testing.assert_array_equal(tone_curve(0.0, 1.0, 1.0), np.arange(256))
