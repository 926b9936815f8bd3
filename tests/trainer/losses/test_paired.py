"""Paired losses where their values are known."""

from __future__ import annotations

import pytest
import torch

from trainer.losses import paired


def test_changed_region_is_what_differs_and_a_margin() -> None:
    source = torch.zeros(1, 3, 16, 16)
    target = source.clone()
    target[0, 1, 8, 8] = 0.5
    target[0, 0, 2, 2] = 0.5 * paired.CHANGE_THRESHOLD
    region = paired.changed_region((target - source).abs(), grow=2)
    assert region.sum() == 25
    assert region[0, 0, 6:11, 6:11].all()


def test_weights_count_a_small_region_like_a_large_one() -> None:
    region = torch.zeros(2, 1, 100, 100)
    region[0, :, :60, :50] = 1
    region[1, :, :60] = 1
    means = (paired.region_weights(region) * 0.5).mean((1, 2, 3))
    assert means[0] == pytest.approx(0.5 * 0.3 / 0.33, rel=1e-4)
    assert means[1] == pytest.approx(0.5 * 0.6 / 0.63, rel=1e-4)
    assert paired.region_weights(torch.zeros(1, 1, 4, 4)).sum() == 0


def test_lines_see_edges_and_not_constants() -> None:
    weights = torch.ones(1, 1, 8, 8)
    assert paired.lines(torch.full((1, 3, 8, 8), 0.7), weights) == 0
    error = torch.zeros(1, 3, 8, 8)
    error[..., 4:] = 1.0
    assert paired.lines(error, weights).item() == pytest.approx(1 / 7)


def test_restraint_is_paint_outside_the_region() -> None:
    mask = torch.full((1, 1, 4, 4), 0.5)
    region = torch.zeros(1, 1, 4, 4)
    region[..., :2] = 1
    assert paired.restraint(mask, region).item() == pytest.approx(0.25)


def test_roughness_of_a_slope_is_the_slope() -> None:
    slope = torch.linspace(0, 1, 33)[:32] * 0.1
    field = slope.expand(1, 2, 32, 32)
    assert paired.roughness(field).item() == pytest.approx(0.1, rel=1e-3)
    assert paired.roughness(torch.full((1, 2, 8, 8), 0.1)) == 0


def test_even_weights_lift_what_is_small_and_keep_the_sum() -> None:
    region = torch.zeros(1, 1, 64, 64)
    region[..., 8:40, 8:40] = 1
    region[..., 54:56, 50:60] = 1
    plain, even = paired.region_weights(region), paired.even_weights(region)
    assert even.mean().item() == pytest.approx(plain.mean().item(), rel=1e-4)
    assert even[0, 0, 55, 55] > 2 * even[0, 0, 24, 24]
    assert (even[region == 0] == 0).all()
    assert paired.even_weights(torch.zeros(1, 1, 32, 32)).sum() == 0


def test_share_counts_a_faint_change_like_a_strong_one() -> None:
    region = torch.zeros(2, 1, 20, 20)
    region[0, :, :4, :4] = 1  # a blush, faint
    region[1, :, :10] = 1  # a shout
    change = region * torch.tensor([0.1, 1.2]).view(2, 1, 1, 1)
    half, none = torch.full_like(change, 0.5) * change, torch.zeros_like(change)
    assert paired.share(half, change, region).item() == pytest.approx(0.5)
    assert paired.share(half + (1 - region), change, region).item() == pytest.approx(0.5)
    assert paired.share(change, none, torch.zeros_like(region)) == 0


def test_share_of_next_to_nothing_stays_tame() -> None:
    region = torch.zeros(1, 1, 100, 100)
    region[..., :2, :2] = 1
    assert paired.share(0.1 * region, 0.1 * region, region).item() < 0.1
