from __future__ import annotations

import numpy as np
import pytest

from faces.canvas import Canvas
from faces.face import Box
from serving.boxes import check_boxes
from serving.request_errors import BoxError

CANVAS = Canvas(np.zeros((100, 200, 3), np.uint8))


def test_boxes_of_the_picture_may_reach_over_its_edge() -> None:
    check_boxes([Box(10, 10, 40, 40), Box(-20, 60, 60, 60)], CANVAS, 2)


@pytest.mark.parametrize(
    ("boxes", "told"),
    [
        ([], "at least 1"),
        ([Box(10, 10, 40, 40), Box(90, 10, 40, 40), Box(140, 10, 40, 40)], "at most 2"),
        ([Box(10, 10, 40, 40), Box(11, 10, 40, 40)], "the same face"),
        ([Box(10, 10, 7, 40)], "too small"),
        ([Box(10, float("nan"), 40, 40)], "finite"),
        ([Box(190, 10, 40, 40)], "outside the picture"),
        ([Box(-900, -900, 2000, 2000)], "outside the picture"),
    ],
)
def test_what_is_no_face_of_the_picture_is_refused(boxes: list[Box], told: str) -> None:
    with pytest.raises(BoxError, match=told):
        check_boxes(boxes, CANVAS, 2)
