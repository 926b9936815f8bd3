"""Restraints on masks."""

from __future__ import annotations

import pytest
import torch

from trainer.losses.mask import mean_mask, total_variation


def test_the_mean() -> None:
    assert mean_mask(torch.tensor([[[[0.0, 1.0], [0.5, 0.5]]]])).item() == pytest.approx(0.5)


def test_variation_counts_edges_and_no_area() -> None:
    assert total_variation(torch.ones(2, 1, 8, 8)).item() == 0.0
    half = torch.zeros(2, 1, 8, 8)
    half[:, :, :, 4:] = 1.0
    assert total_variation(half).item() == pytest.approx(8.0)
    assert total_variation(half.transpose(2, 3)).item() == pytest.approx(8.0)
