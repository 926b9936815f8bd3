"""Adversarial losses where their values are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainer.losses import adversarial


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 3.0])
def test_penalty_of_a_linear_critic(slope: float) -> None:
    torch.manual_seed(0)
    direction = torch.nn.functional.normalize(torch.randn(3 * 4 * 4), dim=0)
    penalty = adversarial.gradient_penalty(
        lambda x: x.flatten(1) @ (slope * direction),
        torch.randn(5, 3, 4, 4),
        torch.randn(5, 3, 4, 4),
        torch.rand(5),
    )
    assert penalty.item() == pytest.approx((slope - 1) ** 2, abs=1e-5)


def test_penalty_looks_between_real_and_fake() -> None:
    seen = []

    def critic(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.detach())
        return x.sum()

    real, fake = torch.full((3, 1, 1, 1), 10.0), torch.zeros(3, 1, 1, 1)
    adversarial.gradient_penalty(critic, real, fake, torch.tensor([0.0, 0.25, 1.0]))
    assert seen[0].flatten().tolist() == [0.0, 2.5, 10.0]


def test_penalty_of_a_square_critic_teaches_it() -> None:
    weight = torch.tensor(1.0, requires_grad=True)
    point = torch.full((1, 1), 2.0)
    penalty = adversarial.gradient_penalty(
        lambda x: weight * x.square(), point, point, torch.zeros(1)
    )
    penalty.backward()  # (2·2·w - 1)^2, so the slope in w is 2·(4w - 1)·4
    assert penalty.item() == pytest.approx(9.0)
    assert weight.grad is not None
    assert weight.grad.item() == pytest.approx(24.0)


def test_critic_and_generator_pull_apart() -> None:
    real, fake = torch.tensor([3.0, 1.0]), torch.tensor([0.5, -0.5, 3.0])
    assert adversarial.critic_loss(real, fake).item() == pytest.approx(1.0 - 2.0)
    assert adversarial.generator_loss(fake).item() == pytest.approx(-1.0)


def test_pairs_are_told_apart_patch_by_patch() -> None:
    even = torch.ones(2)
    alike = torch.tensor([4.0, -7.0])  # how high both score says nothing
    assert adversarial.told_apart(alike, alike, even).item() == pytest.approx(np.log(2.0))
    surely = adversarial.told_apart(alike + 50, alike, even)
    assert surely.item() == pytest.approx(0.0, abs=1e-6)
    assert adversarial.told_apart(alike, alike + 50, even).item() == pytest.approx(50.0)


def test_pairs_weigh_their_patches() -> None:
    true, made = torch.tensor([0.0, 50.0]), torch.tensor([50.0, 0.0])
    first, second = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    assert adversarial.told_apart(true, made, first).item() == pytest.approx(50.0)
    assert adversarial.told_apart(true, made, second).item() == pytest.approx(0.0, abs=1e-6)


def test_patches_count_where_something_changed() -> None:
    region = torch.zeros(1, 1, 8, 8)
    region[0, 0, 5, 1] = 1.0
    weights = adversarial.patch_weights(region, torch.zeros(1, 1, 2, 2), elsewhere=0.1)
    assert weights.mean().item() == pytest.approx(1.0)
    assert torch.allclose(weights / weights.max(), torch.tensor([[[[0.1, 0.1], [1.0, 0.1]]]]))


def test_patches_of_unchanged_pictures_count_alike() -> None:
    weights = adversarial.patch_weights(torch.zeros(2, 1, 8, 8), torch.zeros(2, 1, 4, 4))
    assert torch.allclose(weights, torch.ones(2, 1, 4, 4))
