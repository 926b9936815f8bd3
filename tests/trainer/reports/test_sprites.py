"""The report on sprites."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.metrics.sprites import Answer, Compared, SpriteFigures
from trainer.reports.sprites import page, summary, tile, write


def _flat(value: int) -> np.ndarray:
    return np.full((40, 40, 3), value, np.uint8)


def _pair(character: str, source: str, wanted: str, share: float, region: float = 0.1) -> Compared:
    answers = {"ours": Answer(share, 0.02, _flat(100)), "other": Answer(0.9, 0.3, _flat(150))}
    return Compared(character, source, wanted, region, answers, _flat(50), _flat(200))


@pytest.fixture
def figures() -> SpriteFigures:
    """Two pairs that count, of two characters, and one in another pose."""
    return SpriteFigures(
        [
            _pair("ann", "neutral", "happy", 0.4),
            _pair("bea", "happy", "sad", 1.2),
            _pair("bea", "sad", "happy", 0.1, region=0.8),
        ],
        not_found=["bea angry"],
    )


def test_summary_leaves_other_poses_out(figures: SpriteFigures) -> None:
    found = summary(figures)
    assert found["pairs"] == 2
    assert found["characters"] == 2
    assert found["ours_error_share"] == pytest.approx(0.8)
    assert found["ours_no_better"] == 1
    assert found["other_no_better"] == 0
    assert found["other_changed_outside"] == pytest.approx(0.3)


def test_page(figures: SpriteFigures) -> None:
    text = page(figures, measured_by="the command")
    assert "| ann | 1 | 40.0 % | 0 | 2.0 % | 90.0 % | 0 | 30.0 % |" in text
    assert "| all | 2 | 80.0 % | 1 | 2.0 % | 90.0 % | 0 | 30.0 % |" in text
    assert "| happy | 1 | 40.0 % | 0 |" in text
    assert "not counted: bea sad to happy." in text
    assert "no face found: bea angry." in text
    assert "not of one size" not in text


def test_a_tile_shows_input_answers_truth(figures: SpriteFigures) -> None:
    shown = tile(figures.compared[0])
    assert shown.shape[1] == 160
    assert [int(shown[20, 20 + 40 * i, 0]) for i in range(4)] == [50, 100, 150, 200]


def test_files(figures: SpriteFigures, tmp_path: Path) -> None:
    write(tmp_path, figures, measured_by="x", facts={"model": "m"})
    told = json.loads((tmp_path / "sprites.json").read_text())
    assert told["model"] == "m"
    assert told["figures"]["ours_no_better"] == 1
    assert told["pairs"][0]["answers"]["ours"] == {"error_share": 0.4, "changed_outside": 0.02}
    assert told["pairs"][2]["counts"] is False
    assert sorted(p.name for p in (tmp_path / "sheets").iterdir()) == ["ann.png", "bea.png"]
    bea = cv2.imread(str(tmp_path / "sheets" / "bea.png"))
    assert bea is not None
    assert bea.shape[1] == 2 * (160 + 4)
