from __future__ import annotations

import pytest

from faces.face import Box, Face, by_proportions, distinct


def test_overlap_is_intersection_over_union() -> None:
    box = Box(0, 0, 10, 10)
    assert box.overlap(box) == 1
    assert box.overlap(Box(5, 0, 10, 10)) == pytest.approx(50 / 150)
    assert box.overlap(Box(10, 0, 10, 10)) == 0
    assert box.overlap(Box(30, 30, 10, 10)) == 0


def test_distinct_keeps_the_best_of_those_that_overlap() -> None:
    low, high, other = (
        Face(Box(1, 1, 10, 10), 0.5),
        Face(Box(0, 0, 10, 10), 0.9),
        Face(Box(40, 0, 10, 10), 0.6),
    )
    assert distinct([low, other, high]) == [high, other]


def test_proportions_put_the_eyes_level_and_the_mouth_below() -> None:
    points = by_proportions(Box(100, 200, 50, 60)).landmarks
    assert points["left_eye"][1] == points["right_eye"][1]
    assert points["left_eye"][0] + points["right_eye"][0] == pytest.approx(2 * 125)
    assert points["left_eye"][1] < points["mouth"][1] < points["chin"][1] == 260
