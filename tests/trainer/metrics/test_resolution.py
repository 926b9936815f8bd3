"""Full resolution against an enlarged result, and what is counted as touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from contract.alignment import TEMPLATE
from contract.card import Control, OneHot, Pixels
from contract.expression import CORE_EXPRESSIONS
from trainer.data.dataset import Dataset
from trainer.metrics import resolution
from trainer.metrics.editors import Layers
from trainer.metrics.resolution import ENLARGED, SERVED, measure
from trainer.metrics.whole import edit

SIZE = 32


class Paints:
    """Paints grey over a square of the crop, so strongly; and moves all of it, so far."""

    size = SIZE
    labels = CORE_EXPRESSIONS
    template = TEMPLATE
    pixels = Pixels(size=SIZE)
    control: Control = OneHot()

    def __init__(self, mask: float, move: float = 0.0) -> None:
        self.mask, self.move = mask, move

    def change(self, pictures: Tensor, control: Tensor) -> Layers:
        mask = torch.zeros(1, 1, SIZE, SIZE)
        mask[..., 8:20, 8:20] = self.mask
        moves = torch.full((1, 2, SIZE, SIZE), self.move)
        return Layers(torch.zeros(1, 3, SIZE, SIZE), mask, moves)

    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        raise NotImplementedError


def test_an_editor_that_does_nothing_keeps_the_picture_and_enlarging_does_not(six: Dataset) -> None:
    found = measure(Paints(0), six, characters=1, sizes=(32, 96), examples=1)
    for size in (32, 96):
        served, enlarged = found.sums[size, SERVED], found.sums[size, ENLARGED]
        assert served.edits == enlarged.edits == 6
        assert served.share == pytest.approx(1)
        assert served.kept_psnr / 6 > 45
        assert enlarged.kept_psnr / 6 < served.kept_psnr / 6 - 3
    assert found.outside == 6 * (32**2 + 96**2)
    assert found.changed_outside == 0
    ((given, _, served_picture, truth),) = found.examples
    assert given.shape == truth.shape == (96, 96, 3)
    assert np.array_equal(given, served_picture)


def test_paint_is_inside_of_the_mask(six: Dataset) -> None:
    found = measure(Paints(0.8), six, characters=1, sizes=(96,))
    assert found.changed_outside == 0
    share = found.outside / (6 * 96**2)
    assert 1 - (16 / 32) ** 2 - 0.15 < share < 1 - (12 / 32) ** 2
    assert found.sums[96, SERVED].kept_psnr / 6 < 30


def test_moves_count_as_mask(six: Dataset) -> None:
    found = measure(Paints(0, move=0.05), six, characters=1, sizes=(64,))
    assert found.changed_outside == 0
    assert found.outside < 0.25 * 6 * 64**2


def test_a_stray_pixel_is_seen(six: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def strays(*arguments: Any) -> Any:
        edited = edit(*arguments)
        pixels = edited.pixels.copy()
        pixels[-1, 5] ^= 1
        return replace(edited, pixels=pixels)

    monkeypatch.setattr(resolution, "edit", strays)
    found = measure(Paints(0.5), six, characters=2, sizes=(64,))
    assert found.changed_outside == 12
