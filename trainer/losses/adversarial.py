"""Adversarial losses: the Wasserstein game with gradient penalty (Gulrajani et al.; Rao et al.,
eqs. 9 and 10), and the game of pairs, patch by patch, with feature matching."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """What the critic lowers: mean score of fakes minus mean score of reals, any shapes."""
    return fake.float().mean() - real.float().mean()


def generator_loss(fake: Tensor) -> Tensor:
    """What the generator lowers: minus the mean score of its fakes."""
    return -fake.float().mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, chance: Tensor
) -> Tensor:
    """Eq. 10: mean over the batch of (|grad D(x~)|_2 - 1)^2, x~ between real and fake.

    real, fake [N,...]; chance [N] in 0 to 1 is the share of the real one in x~. Scores of a sample
    (patches) are summed before the gradient is taken, as StarGAN does.
    """
    share = chance.view(-1, *[1] * (real.dim() - 1)).to(real.dtype)
    between = (share * real + (1 - share) * fake).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norm = slope.float().flatten(1).norm(dim=1)
    penalty: Tensor = (norm - 1).square().mean()
    return penalty


def told_apart(true: Tensor, made: Tensor, weights: Tensor) -> Tensor:
    """What a discriminator lowers: log(1 + exp(made - true)), patch by patch.

    The game with relativistic pairs (Jolicoeur-Martineau 2019, equations 5 and 6; Huang et al.
    2024). True and made picture show one face, so a patch is held against the very patch that it
    should be, and what all pictures of a style have in common says nothing. The generator lowers
    the same with the two exchanged. Scores and weights [N,1,H,W]; the weights are 1 in the mean.
    """
    return (F.softplus(made.float() - true.float()) * weights).mean()


@torch.no_grad()
def patch_weights(region: Tensor, scores: Tensor, elsewhere: float = 0.5) -> Tensor:
    """Weights, 1 in the mean, for the patches of `scores` [N,1,H,W]: those that see the changed
    `region` [N,1,S,S] of 0 and 1 count fully, all others only `elsewhere`.

    Where nothing changed, true and made patches are alike, and to tell them apart teaches nothing.
    """
    near = F.adaptive_max_pool2d(region, scores.shape[-2:]).clamp_min(elsewhere)
    weights: Tensor = near / near.mean()
    return weights


def matching(made: Sequence[Tensor], true: Sequence[Tensor]) -> Tensor:
    """Mean L1 distance of a discriminator's features, averaged over its layers. The features of the
    true picture get no gradient."""
    distances = [
        (m.float() - t.detach().float()).abs().mean() for m, t in zip(made, true, strict=True)
    ]
    return torch.stack(distances).mean()
