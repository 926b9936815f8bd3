from __future__ import annotations

import math

import pytest

from contract.alignment import MOUTH_BELOW_EYES, TEMPLATE, TEMPLATES


@pytest.mark.parametrize(("name", "side"), [("celmood", 2.7), ("mobini", 1.35)])
def test_a_template_is_so_many_eye_distances_large(name: str, side: float) -> None:
    points = TEMPLATES[name]
    left, right, mouth = points["left_eye"], points["right_eye"], points["mouth"]
    assert 1 / math.dist(left, right) == pytest.approx(side)
    assert left[0] + right[0] == pytest.approx(1)
    assert (mouth[1] - left[1]) * side == pytest.approx(MOUTH_BELOW_EYES)
    assert all(0 < v < 1 for point in points.values() for v in point)


def test_ours_keeps_chin_and_brows_and_the_papers_has_the_middle_of_the_face() -> None:
    assert TEMPLATES["celmood"] == TEMPLATE
    assert TEMPLATE["left_eye"][1] == 0.38
    papers = TEMPLATES["mobini"]
    assert papers["left_eye"][1] + papers["mouth"][1] == pytest.approx(1)
