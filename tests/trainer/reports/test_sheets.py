"""Contact sheets."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from trainer.reports.sheets import CAPTION, captioned, laid_out, write_sheet


def _tile(value: int) -> np.ndarray:
    return np.full((8, 12, 3), value, np.uint8)


def test_tiles_lie_in_rows() -> None:
    sheet = laid_out([_tile(10), _tile(20), _tile(30)], columns=2)
    assert sheet.shape == (24, 32, 3)
    assert [sheet[6, 6, 0], sheet[6, 22, 0], sheet[18, 6, 0]] == [10, 20, 30]
    assert sheet[18, 22, 0] > 200


def test_a_caption_lies_below_and_has_ink() -> None:
    tile = captioned(np.zeros((8, 60, 3), np.uint8), "a b")
    assert tile.shape == (8 + CAPTION, 60, 3)
    assert not tile[:8].any()
    assert tile[8:].min() < 120


def test_a_sheet_is_a_png_and_no_tiles_are_no_sheet(tmp_path: Path) -> None:
    red = np.zeros((8, 12, 3), np.uint8)
    red[..., 0] = 200
    write_sheet(tmp_path / "some.png", [red], 10)
    seen = cv2.imread(str(tmp_path / "some.png"))
    assert seen is not None
    assert seen[6, 6].tolist() == [0, 0, 200]
    write_sheet(tmp_path / "none.png", [], 10)
    assert not (tmp_path / "none.png").exists()
