from __future__ import annotations

import numpy as np
import pytest

from faces.canvas import Canvas
from faces.face import Box
from faces.pyramid import FINEST, MOST_PARTS, Level, levels

SIZE = 256


def empty(width: int, height: int) -> Canvas:
    """A picture that is not there: one pixel, told again and again."""
    return Canvas(np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (height, width, 3)))


@pytest.mark.parametrize("side", [64, 256, 576])
def test_a_small_picture_is_seen_well_enough_as_a_whole(side: int) -> None:
    assert levels(empty(side, side // 2), SIZE) == []


@pytest.mark.parametrize(
    ("width", "height", "counts"),
    [(1_024, 1_024, [4]), (1_920, 1_080, [12]), (3_200, 1_800, [40]), (6_000, 300, [5, 13])],
)
def test_how_many_parts_there_are(width: int, height: int, counts: list[int]) -> None:
    assert [len(level.parts) for level in levels(empty(width, height), SIZE)] == counts


PICTURES = [(1_024, 1_024), (1_920, 1_080), (2_900, 1_600), (6_300, 6_300), (10_000, 4_000)]


@pytest.mark.parametrize(("width", "height"), PICTURES)
def test_parts_are_bounded_and_the_last_ones_are_fine(width: int, height: int) -> None:
    found = levels(empty(width, height), SIZE)
    assert all(0 < len(level.parts) <= MOST_PARTS for level in found)
    side = found[-1].parts[0].width
    assert side == pytest.approx(FINEST * SIZE) or len(found[-1].parts) > 0.8 * MOST_PARTS


def whole(level: Level, face: Box) -> bool:
    """Whether a part of `level` has all of `face`."""
    return any(
        part.x <= face.x
        and part.y <= face.y
        and face.x + face.width <= part.x + part.width
        and face.y + face.height <= part.y + part.height
        for part in level.parts
    )


@pytest.mark.parametrize(("width", "height"), PICTURES)
def test_a_face_of_any_size_is_whole_in_some_part_and_large_enough(width: int, height: int) -> None:
    """Each level has those of 1/16 of the side before, which that shows in 16 pixels, whole."""
    found = levels(empty(width, height), SIZE)
    reach = max(width, height) / 16
    rng = np.random.default_rng(0)
    for level in found:
        assert reach <= level.largest
        for _ in range(200):
            x, y = rng.uniform(0, (width - reach, height - reach))
            assert whole(level, Box(x, y, reach, reach))
        reach = level.parts[0].width / 16
