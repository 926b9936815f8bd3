from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.assets import AssetError, asset_at_hand
from faces.canvas import Canvas
from faces.lbp import CascadeError, CascadeFinder


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


def test_the_real_cascade_sees_nothing_in_nothing() -> None:
    try:
        path = asset_at_hand("lbpcascade_animeface.xml")
    except AssetError:
        path = None
    if path is None:
        pytest.skip("the cascade is in none of the folders of CELMOOD_ASSETS")
    finder = CascadeFinder(path)
    assert finder.find(Canvas(np.full((300, 200, 3), 128, np.uint8))) == []
    assert finder.find(Canvas(np.full((5, 5, 3), 128, np.uint8))) == []
