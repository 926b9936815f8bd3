"""Comparing with an artist: who answers as the artist did, who does nothing, who does too much."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from contract.alignment import TEMPLATE
from contract.card import Control, Pixels
from contract.control import expression_vector
from faces.canvas import Canvas
from trainer.metrics.editors import Layers
from trainer.metrics.sprites import SHOWN, Compared, compare

LANDMARKS = {"left_eye": (40.0, 40.0), "right_eye": (72.0, 40.0)}
INK = (30, 60, 90)


def _drawing(mouth: bool, everything: bool = False) -> np.ndarray:
    picture = np.full((120, 110, 3), 180, np.uint8)
    if mouth:
        picture[60:68, 50:62] = INK
    if everything:
        picture[20:100] = INK
    return picture


class Paints:
    """Paints the artist's colour with `strength` where the artist did, and `beside` elsewhere."""

    size = 86  # the crop's side is 2.7 * 32 = 86.4 pixels of the picture
    labels = None
    template = TEMPLATE
    pixels = Pixels(size=86)
    control: Control = expression_vector()

    def __init__(self, strength: float, beside: float = 0.0) -> None:
        self.strength, self.beside = strength, beside

    def change(self, pictures: Tensor, control: Tensor) -> Layers:
        colour = torch.tensor(INK) / 127.5 - 1
        paint = colour.view(1, 3, 1, 1).expand(1, 3, 86, 86)
        mask = torch.zeros(1, 1, 86, 86)
        mask[..., 50:63, 34:52] = self.strength
        mask[..., 70:76, 20:60] = self.beside
        return Layers(paint, mask)

    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        raise NotImplementedError


def _compare(*editors: Paints, before: np.ndarray, truth: np.ndarray) -> Compared:
    named = {str(i): editor for i, editor in enumerate(editors)}
    pair = ("neutral", "happy")
    return compare(named, "ann", pair, Canvas(before), Canvas(truth), LANDMARKS)


def test_shares_are_of_the_error_of_leaving_it() -> None:
    found = _compare(
        Paints(0.0), Paints(0.5), Paints(1.0), before=_drawing(False), truth=_drawing(True)
    )
    nothing, half, all_of_it = (found.answers[str(i)] for i in range(3))
    assert nothing.share == pytest.approx(1)
    assert half.share == pytest.approx(0.5, abs=0.02)
    assert all_of_it.share == pytest.approx(0, abs=0.01)
    assert found.region == pytest.approx(8 * 12 / 86.4**2, rel=0.05)
    assert found.counts


def test_only_the_region_counts_and_the_rest_is_told() -> None:
    neat, spills = Paints(1.0), Paints(1.0, beside=1.0)
    found = _compare(neat, spills, before=_drawing(False), truth=_drawing(True))
    assert found.answers["1"].share == pytest.approx(found.answers["0"].share, abs=0.01)
    assert found.answers["0"].spilled == pytest.approx(0, abs=0.005)
    assert found.answers["1"].spilled == pytest.approx(6 * 40 / 86**2, rel=0.4)


def test_a_worse_answer_is_above_one() -> None:
    found = _compare(Paints(1.0), before=_drawing(True), truth=_drawing(False))
    assert found.answers["0"].share == pytest.approx(1)
    worse = Paints(1.0)
    before, truth = _drawing(False), _drawing(False)
    truth[62:66, 50:62] = 184  # hardly seen, and the editor paints over it
    truth[62:66, 50:62, 0] = 190
    assert _compare(worse, before=before, truth=truth).answers["0"].share > 5


def test_another_pose_and_no_change_do_not_count() -> None:
    still, moved = _drawing(False), _drawing(True, everything=True)
    assert not _compare(Paints(1.0), before=still, truth=moved).counts
    same = _compare(Paints(1.0), before=still, truth=still)
    assert not same.counts
    assert np.isnan(same.answers["0"].share)


def test_what_is_shown_is_the_crop() -> None:
    found = _compare(Paints(1.0), before=_drawing(False), truth=_drawing(True))
    assert found.before.shape == found.truth.shape == (SHOWN, SHOWN, 3)
    x, y = round(0.5 * SHOWN), round((0.38 + 24 / 86.4) * SHOWN)
    assert found.before[y, x].tolist() == [180, 180, 180]
    assert found.truth[y, x].tolist() == list(INK)
    assert found.answers["0"].shown[y, x] == pytest.approx(np.array(INK), abs=2)
