"""Rising with intensity: editors and judges that do, and some that do not."""

from __future__ import annotations

import torch
from torch import Tensor

from contract.alignment import TEMPLATE
from contract.card import Control, Pixels
from contract.control import expression_vector
from contract.expression import EXPRESSIONS, SIZE
from trainer.data.dataset import Dataset
from trainer.metrics.editors import Layers, edited
from trainer.metrics.intensity import ASKED, STEPS, always_rises, measure


class Brightens:
    """Adds to the picture what `gain` makes of the sum of the values asked for."""

    size = 32
    labels = None
    pixels = Pixels(size=32)
    template = TEMPLATE
    control: Control = expression_vector()

    def __init__(self, *, gain: float, at_least: float = 0.0) -> None:
        self.gain, self.at_least = gain, at_least

    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        return edited(self, pictures, control)

    def change(self, pictures: Tensor, control: Tensor) -> Layers:
        strength = control[:, :SIZE].abs().sum(1).clamp_min(self.at_least)
        paint = pictures + self.gain * strength[:, None, None, None]
        return Layers(paint, torch.ones_like(pictures[:, :1]))


class Climbs:
    """Every expression becomes likelier, or less likely, along the batch, next to neutral."""

    def __init__(self, step: float) -> None:
        self.step = step

    def scores(self, pictures: Tensor) -> Tensor:
        along = self.step * torch.arange(len(pictures), dtype=torch.float64)
        scores = along[:, None].repeat(1, len(EXPRESSIONS))
        scores[:, EXPRESSIONS.index("neutral")] = 0
        return scores - 100 * along[:, None]  # a third expression takes from all alike


def test_each_step_has_to_rise() -> None:
    assert always_rises(torch.tensor([0.0, 0.1, 0.2]))
    assert not always_rises(torch.tensor([0.0, 0.2, 0.2]))
    assert not always_rises(torch.tensor([0.0, 0.3, 0.2, 0.4]))


def test_change_rises_with_what_is_asked(six: Dataset) -> None:
    found = measure(Brightens(gain=0.01), Climbs(1), six, characters=2)
    assert set(found.rises) == set(ASKED)
    for one in found.rises.values():
        assert (one.characters, one.change, one.score, one.true_score) == (2, 2, 2, 2)
        assert one.at_rest == 0


def test_an_editor_that_always_does_the_same_does_not_rise(six: Dataset) -> None:
    found = measure(Brightens(gain=0.01, at_least=100), None, six, characters=1)
    for one in found.rises.values():
        assert one.change == 0
        assert one.at_rest == 0  # as the service answers: at 0 nothing of the change is left
    assert not found.judged


def test_falling_scores_do_not_count(six: Dataset) -> None:
    found = measure(Brightens(gain=0.01), Climbs(-1), six, characters=1)
    assert all(one.score == one.true_score == 0 for one in found.rises.values())
    assert STEPS[0] == 0
