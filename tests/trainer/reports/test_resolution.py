"""The section on resolution."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.metrics.resolution import ENLARGED, SERVED, Resolved, WaySums
from trainer.reports.resolution import section, write_examples


@pytest.fixture
def found() -> Resolved:
    """Two edits at one size."""
    resolved = Resolved(characters=1, outside=4000, changed_outside=3)
    resolved.sums[64, SERVED] = WaySums(2, 5.0, 10.0, 30.0, 80.0, 60.0)
    resolved.sums[64, ENLARGED] = WaySums(2, 6.0, 10.0, 28.0, 50.0, 44.0)
    shades = (10, 60, 110, 160)
    resolved.examples.append(tuple(np.full((64, 64, 3), shade, np.uint8) for shade in shades))
    return resolved


def test_both_ways_and_the_gain(found: Resolved) -> None:
    told = section(found)
    assert "| 64 px | served | 50.00 % | 15.00 dB | 40.00 dB | 30.00 dB |" in told.text
    assert "| 64 px | enlarged | 60.00 % | 14.00 dB | 25.00 dB | 22.00 dB |" in told.text
    assert "8.00 dB at 64 px" in told.text
    assert "outside of the mask: 3 of 4,000" in told.text
    assert told.figures["error_share_64"] == 0.5
    assert told.figures["kept_psnr_64_enlarged"] == 25
    assert told.figures["changed_outside_mask"] == pytest.approx(3 / 4000)
    assert told.content["ways"][1]["error_share"] == 0.6


def test_examples_are_shown(found: Resolved, tmp_path: Path) -> None:
    write_examples(tmp_path, found)
    sheet = cv2.imread(str(tmp_path / "sheets" / "resolution.png"))
    assert sheet is not None
    assert sheet.shape[1] == 4 * 32 + 4
    assert [int(sheet[20, 20 + 32 * i, 0]) for i in range(4)] == [10, 60, 110, 160]
