"""The changed region and what is measured inside and outside of it."""

from __future__ import annotations

import pytest
import torch

from trainer.metrics.region import absolute_error, changed, dilated, spilled


@pytest.fixture
def before() -> torch.Tensor:
    """A grey picture [1,3,16,16]."""
    return torch.full((1, 3, 16, 16), 0.5)


def test_one_channel_suffices_and_little_does_not(before: torch.Tensor) -> None:
    after = before.clone()
    after[0, 1, 3, 4] += 0.1
    after[0, :, 9, 9] += 0.02
    assert changed(before, after).nonzero().tolist() == [[0, 0, 3, 4]]


def test_dilation_is_a_square() -> None:
    region = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    region[0, 0, 8, 8] = True
    grown = dilated(region, 2)
    assert int(grown.sum()) == 25
    assert bool(grown[0, 0, 6:11, 6:11].all())
    assert torch.equal(dilated(region, 0), region)


def test_error_is_summed_inside_only(before: torch.Tensor) -> None:
    truth = before + 0.25
    region = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    region[0, 0, :2, :3] = True
    assert absolute_error(before, truth, region).tolist() == pytest.approx([0.25 * 6 * 3])


def test_spill_is_a_share_of_the_outside(before: torch.Tensor) -> None:
    allowed = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    allowed[0, 0, :8] = True
    after = before.clone()
    after[0, :, :9] += 0.2
    assert spilled(before, after, allowed).tolist() == pytest.approx([16 / 128])
    assert spilled(before, after, torch.ones_like(allowed)).tolist() == [0.0]
