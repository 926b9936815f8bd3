from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from faces.canvas import Canvas
from faces.face import Box, Face
from faces.lbp import CascadeError, CascadeFinder, cleaned
from tests.bright_spots import spotted, write_cascade

WEIGHT = 2.0


class Given:
    """In place of OpenCV's classifier: one head, where the padded picture was told to have it."""

    boxes = np.array([[192 + 100, 192 + 60, 200, 200]])

    def __init__(self, path: str) -> None:
        pass

    def empty(self) -> bool:
        return False

    def detectMultiScale3(self, picture: np.ndarray, **options: object):
        assert picture.shape == (640 + 2 * 192,) * 2
        return self.boxes, np.array([1]), np.array([[0.0]])


def test_boxes_come_back_to_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "CascadeClassifier", Given)
    # 1280 x 960 is seen at half its size, with 80 rows of margin above and below.
    (face,) = CascadeFinder(Path("any")).find(Canvas(np.zeros((960, 1280, 3), np.uint8)))
    assert 200 < face.box.x < face.box.x + face.box.width < 600
    assert -40 < face.box.y < face.box.y + face.box.height < 360
    left, right = face.landmarks["left_eye"], face.landmarks["right_eye"]
    assert left[1] == right[1]
    assert left[0] + right[0] == pytest.approx(2 * 400)
    assert face.score == 0.5


def test_another_file_is_no_cascade(tmp_path: Path) -> None:
    path = tmp_path / "cascade.xml"
    path.write_text("<nothing/>")
    with pytest.raises(CascadeError, match="is not a cascade"):
        CascadeFinder(path)


@pytest.fixture
def bright_spots(tmp_path: Path) -> Path:
    return write_cascade(tmp_path / "cascade.xml", WEIGHT)


def test_a_real_cascade_finds_what_is_there(bright_spots: Path) -> None:
    found = CascadeFinder(bright_spots).find(spotted((300, 200, 90), (680, 420, 60)))
    assert len(found) == 2
    for x, y, side in ((300, 200, 90), (680, 420, 60)):
        face = min(found, key=lambda f: abs(f.landmarks["left_eye"][0] - x))
        head = face.box.width / 0.62
        assert head == pytest.approx(3 * side, rel=0.35)
        left, right = face.landmarks["left_eye"], face.landmarks["right_eye"]
        assert (left[0] + right[0]) / 2 == pytest.approx(x, abs=0.4 * side)
        assert left[1] == pytest.approx(y - 0.08 * head, abs=0.4 * side)
        assert face.score == pytest.approx(1 / (1 + np.exp(-WEIGHT)))


def test_a_real_cascade_sees_nothing_in_nothing(bright_spots: Path) -> None:
    finder = CascadeFinder(bright_spots)
    assert finder.find(spotted()) == []
    assert finder.find(Canvas(np.full((5, 5, 3), 128, np.uint8))) == []


def finds(*scores: float) -> list[Face]:
    return [Face(Box(100.0 * i, 0, 80, 80), score) for i, score in enumerate(scores)]


def test_faces_below_80_per_cent_are_not_taken_into_a_data_set() -> None:
    some = finds(0.95, 0.8, 0.79, 0.2)
    assert cleaned(some) == some[:2]


def test_a_picture_of_more_than_six_faces_is_not_taken_into_a_data_set() -> None:
    assert cleaned(finds(*[0.9] * 6)) == finds(*[0.9] * 6)
    assert cleaned(finds(*[0.9] * 7)) == []
    assert len(cleaned(finds(*[0.9] * 6, *[0.5] * 3))) == 6  # the doubtful do not count
