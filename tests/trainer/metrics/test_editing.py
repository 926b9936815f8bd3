"""Measuring: an editor that is right, one that does nothing, one that is half right."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from contract import expression
from trainer.data.dataset import Dataset, DatasetError
from trainer.data.source import to_tensor
from trainer.metrics.editing import Measured, measure, plan
from trainer.metrics.similarity import PSNR_CEILING
from trainer.reports.editing import figures

CORE = expression.CORE_EXPRESSIONS


class Answers:
    """Gives the true drawing (by the control's closest preset), mixed with the given one."""

    labels = expression.EXPRESSIONS

    def __init__(self, dataset: Dataset, right: float, size: int = 32) -> None:
        self.size = size
        self.right = right
        self.truths = {
            expression.EXPRESSIONS[p]: to_tensor(dataset.pictures[:, view])
            for view, p in enumerate(dataset.labels.presets[0].tolist())
        }
        self.batches: list[int] = []

    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        self.batches.append(len(pictures))
        ground = [60 + seed for seed in range(100, 103)]
        who = [ground.index(round(float(p[0, 0, 0] + 1) * 127.5)) for p in pictures]
        names = [expression.EXPRESSIONS[i] for i in control.argmax(1).tolist()]
        truth = torch.stack([self.truths[n][w] for n, w in zip(names, who, strict=True)])
        return pictures + self.right * (truth - pictures)


class Knows:
    """A judge that measures the bar, and takes its length for the expression."""

    def expressions(self, pictures: Tensor) -> list[str]:
        lengths = (pictures[:, 2, 15] < -0.5).sum(1)
        return [(*CORE, "smug")[int(n) // 2 - 1] if n else "scared" for n in lengths]


def _measure(dataset: Dataset, right: float) -> Measured:
    return measure(Answers(dataset, right), Knows(), dataset, characters=3)


def test_the_true_drawing_has_no_error_left(six: Dataset) -> None:
    measured = _measure(six, 1.0)
    found = figures(measured, judged=True)
    assert found["error_share"] == pytest.approx(0, abs=1e-6)
    assert found["paired_psnr"] == PSNR_CEILING
    assert found["region_ssim"] == pytest.approx(1, abs=1e-6)
    assert found["changed_outside"] == 0
    assert found["transfer_accuracy"] == found["truth_accuracy"] == 100
    assert np.diag(measured.confusion.counts).tolist() == [15] * 6
    assert np.diag(measured.truth_confusion.counts).tolist() == [3] * 6
    assert found["transfer_accuracy_all"] == 100


def test_leaving_the_picture_is_all_of_the_error(six: Dataset) -> None:
    measured = _measure(six, 0.0)
    found = figures(measured, judged=True)
    assert found["error_share"] == pytest.approx(1)
    assert found["error_share_all"] == pytest.approx(1)
    assert found["reconstruction_psnr"] == PSNR_CEILING
    assert found["transfer_accuracy"] == 0
    assert measured.confusion.counts.sum() == 3 * 30
    assert found["truth_accuracy"] == 100


def test_half_the_way_is_half_the_error(six: Dataset) -> None:
    found = figures(_measure(six, 0.5), judged=True)
    assert found["error_share"] == pytest.approx(0.5, abs=0.01)


def test_paint_outside_is_counted(six: Dataset) -> None:
    class Spills(Answers):
        def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
            result = super().__call__(pictures, control)
            result[:, :, 28:] += 0.2
            return result

    found = figures(measure(Spills(six, 1.0), None, six, characters=3), judged=False)
    assert 0.12 < found["changed_outside"] < 0.16
    assert found["error_share"] == pytest.approx(0, abs=1e-6)
    assert "transfer_accuracy" not in found


def test_every_pair_once_and_bounded_batches(six: Dataset) -> None:
    edits = plan(six, 1)
    core = [e.pair for e in edits if e.pair[1] in CORE]
    assert sorted(core) == sorted((a, b) for a in CORE for b in CORE)
    assert [e.pair for e in edits if e.pair[1] == "smug"] == [("happy", "smug"), ("smug", "smug")]
    answers = Answers(six, 1.0)
    measure(answers, None, six, characters=2, batch=5)
    assert max(answers.batches) == 5
    assert sum(answers.batches) == 2 * len(edits)


def test_rotation_takes_six_pairs_of_each_character(six: Dataset) -> None:
    def core(who: int) -> set[tuple[str, str]]:
        edits = [e.pair for e in plan(six, who, rotate=True) if e.pair[1] in CORE]
        assert len(edits) == len(CORE)
        return set(edits)

    assert core(1) == {(a, CORE[(i + 1) % 6]) for i, a in enumerate(CORE)}
    assert not core(0) & core(1)
    assert not core(1) & core(2)


def test_examples_show_input_result_truth(six: Dataset) -> None:
    measured = measure(Answers(six, 0.5), None, six, characters=3, examples=2)
    assert set(measured.examples) == {*CORE, "smug"}
    assert all(len(shown) == 2 for shown in measured.examples.values())
    for example in measured.examples["angry"]:
        middle = (example.before + example.truth) / 2
        assert float((example.result - middle).abs().max()) < 0.01
    assert [e.share for e in measured.worst] == sorted(e.share for e in measured.worst)[::-1]
    assert len(measured.worst) == 2


def test_too_few_characters_or_pixels_are_refused(six: Dataset) -> None:
    with pytest.raises(DatasetError, match="--characters"):
        measure(Answers(six, 1.0), None, six, characters=4)
    with pytest.raises(DatasetError, match="64"):
        measure(Answers(six, 1.0, size=64), None, six, characters=1)


def test_a_missing_expression_is_named(six: Dataset) -> None:
    six.labels.presets[1, 3] = -1
    with pytest.raises(DatasetError, match="character 1 is not drawn crying"):
        plan(six, 1)
