"""The report on finders, and what is drawn on its sheets."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from faces.canvas import Canvas
from faces.face import Box, Face
from trainer.data.annotated import Mark
from trainer.metrics.finding import match
from trainer.reports.finding import (
    EXTRA,
    FOUND_COLOUR,
    MARKED,
    MISSED,
    SetOfPictures,
    page,
    tile,
    write,
)

CANVAS = Canvas(np.full((100, 200, 3), 120, np.uint8))
THERE = Mark(box=(20, 20, 40, 40), left_eye=(30, 40), right_eye=(50, 40))
HIDDEN = Mark(box=(120, 40, 40, 40), left_eye=(130, 60), right_eye=(150, 60))
FIND = Face(Box(21, 22, 40, 40), 0.55, {"left_eye": (31, 40), "right_eye": (51, 40)})
OTHER = Face(Box(150, 5, 20, 20), 0.45, {"left_eye": (155, 15), "right_eye": (165, 15)})


def _has(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((picture == colour).all(axis=2).any())


def _report() -> dict[str, dict[str, SetOfPictures]]:
    one = SetOfPictures()
    one.add("some/picture.png", CANVAS, [THERE, HIDDEN], [FIND, OTHER])
    one.add("some/other.png", CANVAS, [], [], shown=False)
    return {"network": {"some": one}}


def test_marks_and_finds_are_drawn_in_their_colours() -> None:
    shown = tile(CANVAS, match([THERE, HIDDEN], [FIND, OTHER]), 200)
    assert shown.shape == (200, 200, 3)
    assert all(_has(shown, colour) for colour in (MARKED, MISSED, FOUND_COLOUR, EXTRA))
    # The picture lies in the middle of the square, 50 pixels down.
    assert shown[50 + 30, 20].tolist() == list(MARKED)
    assert shown[50 + 60, 120].tolist() == list(MISSED)
    assert shown[50 + 15, 150].tolist() == list(EXTRA)
    bare = tile(CANVAS, match([], []), 200)
    assert not any(_has(bare, colour) for colour in (MARKED, MISSED, FOUND_COLOUR, EXTRA))


def test_page() -> None:
    text = page(_report(), measured_by="the command")
    row = "| some | network | 1 | 100.0 % | 2 | 50.0 % | 1 | 1 | 0 | 0.050 |  | 0.050 |"
    assert row in text
    assert "| some | network | 50.0 %, 1 | 50.0 %, 0 | 50.0 %, 0 | 0.0 %, 0 | 0.0 %, 0 |" in text
    assert "`the command`" in text


def test_files(tmp_path: Path) -> None:
    write(tmp_path, _report(), measured_by="x", facts={"threshold": 0.35})
    told = json.loads((tmp_path / "finders.json").read_text())
    assert told["threshold"] == 0.35
    some = told["finders"]["network"]["some"]
    assert some["face_share"] == 0.5
    assert some["missed"] == ["some/picture.png"]
    assert some["other_finds"] == [
        {"file": "some/picture.png", "box": [150, 5, 20, 20], "score": 0.45}
    ]
    assert some["at_score"]["0.5"]["extra"] == 0
    sheets = {p.name: cv2.imread(str(p)) for p in (tmp_path / "sheets").iterdir()}
    assert set(sheets) == {"some_network.png", "some_network_other.png"}
    assert all(sheet is not None and _has(sheet[..., ::-1], EXTRA) for sheet in sheets.values())
