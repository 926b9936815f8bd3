"""Adversarial losses where their values are known."""

from __future__ import annotations

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


def test_hinge_rests_beyond_the_margin() -> None:
    even = torch.ones(2)
    sure = adversarial.hinge_discriminator(
        torch.tensor([1.0, 5.0]), torch.tensor([-2.0, -1.0]), even
    )
    assert sure == 0
    loss = adversarial.hinge_discriminator(torch.zeros(2), torch.ones(2), even)
    assert loss.item() == pytest.approx(1.0 + 2.0)
    assert adversarial.hinge_generator(torch.tensor([0.5, 1.5]), even).item() == pytest.approx(-1.0)


def test_hinge_weighs_its_patches() -> None:
    first, second = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    made = torch.tensor([3.0, -3.0])
    assert adversarial.hinge_generator(made, first).item() == pytest.approx(-3.0)
    assert adversarial.hinge_generator(made, second).item() == pytest.approx(3.0)
    assert adversarial.hinge_discriminator(torch.full((2,), 9.0), made, second) == 0
    loss = adversarial.hinge_discriminator(torch.full((2,), 9.0), made, first)
    assert loss.item() == pytest.approx(4.0)


def test_patches_count_where_something_changed() -> None:
    region = torch.zeros(1, 1, 8, 8)
    region[0, 0, 5, 1] = 1.0
    weights = adversarial.patch_weights(region, torch.zeros(1, 1, 2, 2), elsewhere=0.1)
    assert weights.mean().item() == pytest.approx(1.0)
    assert torch.allclose(weights / weights.max(), torch.tensor([[[[0.1, 0.1], [1.0, 0.1]]]]))


def test_patches_of_unchanged_pictures_count_alike() -> None:
    weights = adversarial.patch_weights(torch.zeros(2, 1, 8, 8), torch.zeros(2, 1, 4, 4))
    assert torch.allclose(weights, torch.ones(2, 1, 4, 4))
