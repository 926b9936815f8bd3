from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from faces.canvas import Canvas
from faces.face import Box
from faces.letterbox import around, squares, whole

GROUND = (10, 20, 30)


@pytest.mark.parametrize("size", [(300, 100), (100, 300), (40, 30), (3000, 1700)])
def test_a_point_comes_back_to_where_it_was(size: tuple[int, int]) -> None:
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    x, y, r = width // 3, height // 2, max(2, max(size) // 64)
    pixels[y - r : y + r, x - r : x + r] = 255
    view = whole(Canvas(pixels), 256, (0, 0, 0))
    rows, columns = np.nonzero(view.pixels[..., 0] > 127)
    found = view.to_picture(columns.mean() + 0.5, rows.mean() + 0.5)
    assert found == pytest.approx((x, y), abs=0.6 * max(1, max(size) / 256))


def test_the_margins_are_ground() -> None:
    view = whole(Canvas(np.full((50, 100, 3), 99, np.uint8)), 64, GROUND)
    assert (view.pixels[:16] == GROUND).all()
    assert (view.pixels[16:48] == 99).all()
    assert (view.pixels[48:] == GROUND).all()


def test_a_window_over_the_edge_shows_ground_outside() -> None:
    pixels = np.full((100, 100, 3), 99, np.uint8)
    view = around(Canvas(pixels), Box(-20, -20, 40, 40), 1.0, 64, GROUND)
    assert (view.pixels[:32, :32] == GROUND).all()
    assert (view.pixels[32:, 32:] == 99).all()
    assert view.to_picture(32, 32) == pytest.approx((0, 0))


def test_one_pixel_is_enough() -> None:
    assert (whole(Canvas(np.full((1, 1, 3), 7, np.uint8)), 32, GROUND).pixels == 7).all()


def test_a_strip_is_not_lost() -> None:
    view = whole(Canvas(np.full((1, 5000, 3), 255, np.uint8)), 32, (0, 0, 0))
    assert view.pixels.max() == 255


@pytest.mark.parametrize("size", [(1000, 1000), (1000, 400), (1000, 100), (251, 1000)])
def test_squares_cover_the_picture_and_overlap(size: tuple[int, int]) -> None:
    width, height = size
    found = squares(Canvas(np.zeros((height, width, 3), np.uint8)), 250, 62.5)
    for length, starts in (
        (width, sorted({box.x for box in found})),
        (height, sorted({box.y for box in found})),
    ):
        assert starts[0] <= 0
        assert starts[-1] + 250 >= length
        assert all(after - before <= 250 - 62.5 for before, after in pairwise(starts))
    assert len(found) == len({(box.x, box.y) for box in found})
    assert {(box.width, box.height) for box in found} == {(250, 250)}
