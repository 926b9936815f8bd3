"""Maps of landmarks are held against their places."""

from __future__ import annotations

import pytest
import torch

from trainer.losses.landmarks import astray
from trainer.networks.cel import places

POINTS = torch.tensor([[[0.3, 0.6], [0.70, 0.1]]])


def peaks(points: torch.Tensor, side: int, height: float) -> torch.Tensor:
    """Maps with a peak at the place that each point lies in."""
    maps = torch.zeros(*points.shape[:2], side, side)
    for i, (x, y) in enumerate((points[0] * side).long().tolist()):
        maps[0, i, y, x] = height
    return maps


def test_a_guess_costs_one_and_knowledge_less() -> None:
    assert astray(torch.zeros(1, 2, 16, 16), POINTS).item() == pytest.approx(1)
    middle = (POINTS * 16).floor() / 16 + 1 / 32  # where one place holds all of a point
    assert astray(peaks(middle, 16, 30.0), middle).item() == pytest.approx(0, abs=1e-4)
    assert astray(peaks(middle, 16, 30.0), 1 - middle).item() > 1


def test_a_point_between_places_is_best_shared() -> None:
    point = torch.tensor([[[0.5, 0.53125]]])  # between columns 7 and 8, in row 8 of 16
    shared = torch.zeros(1, 1, 16, 16)
    shared[0, 0, 8, 7:9] = 30.0
    one = torch.zeros(1, 1, 16, 16)
    one[0, 0, 8, 7] = 30.0
    assert astray(shared, point) < astray(one, point)
    torch.testing.assert_close(places(shared), point)


def test_points_outside_do_not_count() -> None:
    outside = torch.tensor([[[1.2, 0.5], [0.5, -0.1]]])
    maps = torch.randn(1, 2, 8, 8, requires_grad=True)
    loss = astray(maps, outside)
    loss.backward()
    assert loss == 0
    assert maps.grad is not None
    assert not maps.grad.any()
