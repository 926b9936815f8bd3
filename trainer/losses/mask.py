"""Restraints on a mask, which would else open everywhere (GANimation's remedy)."""

from __future__ import annotations

from torch import Tensor


def mean_mask(mask: Tensor) -> Tensor:
    """The mean of a mask [N,1,H,W] in [0,1]."""
    return mask.float().mean()


def total_variation(mask: Tensor) -> Tensor:
    """Sum over the places of squared steps to the right and downwards, averaged over the batch."""
    mask = mask.float()
    across = (mask[:, :, :, 1:] - mask[:, :, :, :-1]).square().sum(dim=(1, 2, 3))
    down = (mask[:, :, 1:, :] - mask[:, :, :-1, :]).square().sum(dim=(1, 2, 3))
    return (across + down).mean()
