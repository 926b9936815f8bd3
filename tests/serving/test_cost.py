from __future__ import annotations

import numpy as np
import pytest

from serving.cost import Cost, Pace, pixels_of
from tests.pictures import encoded

LIMIT = 4_000_000


def test_faces_and_pixels_cost() -> None:
    assert Cost("edit", 2_000_000, 1).units == pytest.approx(3)
    assert Cost("edit", 2_000_000, 5).units == pytest.approx(7)


def test_what_is_refused_unread_has_no_pixels_and_what_hides_them_has_the_most() -> None:
    assert pixels_of(encoded(np.zeros((1000, 2000), np.uint8)), LIMIT) == 2_000_000
    assert pixels_of(b"no picture", LIMIT) == 0
    assert pixels_of(encoded(np.zeros((2001, 2000), np.uint8)), LIMIT) == 0
    assert pixels_of(b"\xff\xd8\xff\xff\xff", LIMIT) == LIMIT


def test_the_pace_is_learnt_for_each_kind() -> None:
    pace, small, large = Pace(), Cost("edit", 0, 1), Cost("edit", 3_000_000, 1)
    pace.learn(large, 2.0)
    assert pace.seconds(small) == pytest.approx(0.5)
    assert pace.seconds(Cost("find", 0, 1)) < 0.5
    for _ in range(50):
        pace.learn(small, 0.1)
    assert pace.seconds(large) == pytest.approx(0.4, rel=0.01)


def test_work_that_was_given_up_makes_the_pace_slower_but_never_faster() -> None:
    pace, cost = Pace(), Cost("edit", 0, 1)
    for _ in range(50):
        pace.learn(cost, 3.0, ended=False)
    assert pace.seconds(cost) == pytest.approx(3.0, rel=0.01)
    pace.learn(cost, 0.01, ended=False)
    assert pace.seconds(cost) == pytest.approx(3.0, rel=0.01)
    pace.learn(cost, 0.01)
    assert pace.seconds(cost) < 2.9
