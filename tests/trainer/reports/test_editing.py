"""The written report."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
import torch

from trainer.metrics.editing import Edit, Example, Measured, Sums
from trainer.reports.editing import figures, page, write
from trainer.reports.section import Section


@pytest.fixture
def measured() -> Measured:
    """Two edits of one pair, one of another, and a reconstruction."""
    found = Measured(characters=2)
    found.pairs["happy", "sad"] = Sums(2, 50, 0.02, 1.8, 2, 40, 1.2, 3.0, 10.0, 0.02)
    found.pairs["sad", "happy"] = Sums(1, 30, 0.01, 0.95, 1, 22, 0.7, 1.0, 2.0, 0.03)
    found.pairs["sad", "sad"] = Sums(2, 80, 0.0002, 1.99)
    found.confusion.add(["sad", "sad", "happy"], ["sad", "smug", "happy"])
    found.truth_confusion.add(["sad", "happy"], ["sad", "happy"])
    found.all_confusion.add(["sad", "sad", "happy"], ["sad", "smug", "happy"])
    found.all_truth_confusion.add(["sad", "happy"], ["sad", "happy"])
    picture = torch.zeros(3, 8, 8)
    example = Example(Edit(0, 0, 1, ("happy", "sad")), picture, picture + 0.5, picture + 1, 0.3)
    found.examples["sad"] = [example, example]
    return found


def test_means(measured: Measured) -> None:
    found = figures(measured, judged=True)
    assert found["error_share"] == pytest.approx((0.3 + 0.5) / 2)
    assert found["paired_psnr"] == pytest.approx(80 / 3)
    assert found["region_ssim"] == pytest.approx(1.9 / 3)
    assert found["reconstruction_psnr"] == pytest.approx(40)
    assert found["reconstruction_psnr_pooled"] == pytest.approx(40)
    assert found["transfer_sad"] == 50
    assert found["transfer_accuracy"] == 75
    assert "transfer_crying" not in found


def test_page_is_in_the_papers_form(measured: Measured) -> None:
    text = page(measured, judged=True, measured_by="the command")
    header = "|  | neutral | happy | sad | crying | angry | surprised | other |"
    assert text.count(header) == 2
    assert "| sad | 0.0 | 0.0 | 50.0 | 0.0 | 0.0 | 0.0 | 50.0 |" in text
    assert "| error left in the changed region | 40.00% | at most 40% |" in text
    assert "| transfer to sad | 50.0% | above 74% |" in text
    assert "`the command`" in text


def test_without_a_judge_there_are_no_accuracies(measured: Measured) -> None:
    text = page(measured, judged=False, measured_by="the command")
    assert "Transfer accuracy" not in text
    assert "error left" in text


def test_sections_join_figures_json_and_page(measured: Measured, tmp_path: Path) -> None:
    more = Section("more", {"gain": 2.0, "unknown": float("nan")}, {"of": [1]}, "## More\n\ntext")
    write(tmp_path, measured, judged=False, measured_by="x", facts={}, sections=[more])
    content = json.loads((tmp_path / "evaluation.json").read_text())
    assert content["figures"]["gain"] == 2
    assert content["figures"]["error_share"] == 0.4
    assert "unknown" not in content["figures"]
    assert content["more"] == {"of": [1]}
    assert (tmp_path / "evaluation.md").read_text().endswith("## More\n\ntext\n")


def test_files(measured: Measured, tmp_path: Path) -> None:
    write(tmp_path, measured, judged=True, measured_by="x", facts={"data": "six"})
    content = json.loads((tmp_path / "evaluation.json").read_text())
    assert content["figures"]["error_share"] == 0.4
    assert content["data"] == "six"
    assert {"from": "sad", "to": "sad"}.items() <= content["pairs"][2].items()
    assert content["pairs"][2]["error_share"] is None
    assert content["confusion"]["transfer"]["labels"][-1] == "other"
    sheet = cv2.imread(str(tmp_path / "sheets" / "sad.png"))
    assert sheet is not None
    assert sheet.shape == (16, 24, 3)
    assert sheet[0, ::8, 0].tolist() == [0, 128, 255]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "evaluation.json",
        "evaluation.md",
        "sheets",
    ]
