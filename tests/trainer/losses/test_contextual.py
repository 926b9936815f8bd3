"""The contextual loss: blind to place, not to content."""

from __future__ import annotations

import pytest
import torch

from trainer.losses.contextual import contextual_loss


@pytest.fixture
def features() -> torch.Tensor:
    return torch.randn(2, 16, 6, 6, generator=torch.Generator().manual_seed(0))


def test_zero_for_identical_features(features: torch.Tensor) -> None:
    assert contextual_loss(features, features).item() == pytest.approx(0.0, abs=1e-3)


def test_zero_for_shuffled_features(features: torch.Tensor) -> None:
    order = torch.randperm(36, generator=torch.Generator().manual_seed(1))
    shuffled = features.flatten(2)[:, :, order].view_as(features)
    assert contextual_loss(shuffled, features).item() == pytest.approx(0.0, abs=1e-3)


def test_grows_with_the_share_of_other_content(features: torch.Tensor) -> None:
    other = torch.randn(2, 16, 6, 6, generator=torch.Generator().manual_seed(2))
    losses = []
    for rows in (0, 2, 4, 6):
        mixed = features.clone()
        mixed[:, :, :rows] = other[:, :, :rows]
        losses.append(contextual_loss(mixed, features).item())
    assert losses == sorted(losses)
    assert losses[-1] > losses[0] + 0.5


def test_follows_the_formula_step_by_step(features: torch.Tensor) -> None:
    x = torch.randn(1, 4, 2, 3, generator=torch.Generator().manual_seed(3))
    y = torch.randn(1, 4, 3, 2, generator=torch.Generator().manual_seed(4))
    centre = y.mean((0, 2, 3))
    xs = [x[0, :, i, j] - centre for i in range(2) for j in range(3)]
    ys = [y[0, :, i, j] - centre for i in range(3) for j in range(2)]
    d = torch.tensor([[1 - torch.cosine_similarity(a, b, dim=0) for b in ys] for a in xs])
    w = ((1 - d / (d.min(1, keepdim=True).values + 1e-5)) / 0.5).exp()
    similarity = w / w.sum(1, keepdim=True)
    expected = -(similarity.max(0).values.mean() + 1e-5).log()
    torch.testing.assert_close(contextual_loss(x, y), expected, atol=1e-4, rtol=1e-4)


def test_far_features_do_not_overflow() -> None:
    x = torch.tensor([[[[1.0, 1.0]], [[0.0, 1e-4]]]])
    y = torch.tensor([[[[1e4, -1e4]], [[0.0, 0.0]]]])
    x.requires_grad_(True)
    loss = contextual_loss(x, y)
    loss.backward()
    assert loss.isfinite()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_large_maps_are_reduced(features: torch.Tensor) -> None:
    large = features.repeat_interleave(2, 2).repeat_interleave(2, 3)
    other = features.roll(1, 1)
    wide = other.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(
        contextual_loss(wide, large, positions=6), contextual_loss(other, features)
    )
