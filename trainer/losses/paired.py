"""Losses of a changed picture against the true drawing of the same face with the wanted expression.

All work on the error `result - target` and its averages over blocks, in float32, so a step pays for
each picture-sized array once. Weights belong to the recipes.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

CHANGE_THRESHOLD: Final = 0.08
"""A pixel has changed when a channel (in [-1,1]) differs by more: about 10 of 255 levels."""

_FLOOR: Final = 0.03
"""Least share of the picture that a changed region is counted as, so that tiny ones stay tame."""

_FAINT: Final = 0.002
"""Least change in the mean over the picture, in [-1,1], that counts as a whole: a thin pair of
brows that moves. What is less (a single tear) would make steps of chance."""

_NEIGHBOURHOOD: Final = 8
"""A neighbourhood is this part of the picture's side: an eye's width."""


@torch.no_grad()
def changed_region(difference: Tensor, grow: int = 2) -> Tensor:
    """Where the absolute difference [N,3,S,S] of two pictures counts as a change: [N,1,S,S] of 0
    and 1, grown by `grow` pixels."""
    region = (difference.amax(1, keepdim=True) > CHANGE_THRESHOLD).float()
    side = 2 * grow + 1
    region = F.max_pool2d(region, (1, side), stride=1, padding=(0, grow))
    return F.max_pool2d(region, (side, 1), stride=1, padding=(grow, 0))


def region_weights(region: Tensor) -> Tensor:
    """Weights [N,1,S,S] with which a mean over the picture is a mean over each pair's `region`.

    A pair whose drawings hardly differ (a brow) counts like one that differs much (a shout), down
    to a region of 3 % of the picture.
    """
    return region / (region.mean((1, 2, 3), keepdim=True) + _FLOOR)


def even_weights(region: Tensor) -> Tensor:
    """Weights [N,1,S,S] like `region_weights`, the same in sum, but even over the places.

    A place counts the more the less changed around it: a brow, a tear or a shut eye's line counts
    like an open mouth.
    """
    plain = region_weights(region)
    side = region.shape[-1] // _NEIGHBOURHOOD
    around = F.avg_pool2d(region, side, stride=side // 4, padding=side // 2)
    around = F.interpolate(around, region.shape[-2:], mode="bilinear", align_corners=True)
    even = region / (around + 0.05)
    return even * (plain.mean((1, 2, 3), True) / even.mean((1, 2, 3), True).clamp_min(1e-6))


def share(distance: Tensor, change: Tensor, region: Tensor) -> Tensor:
    """Mean over pairs of the distance left inside `region`, as a share of the change itself.

    A blush counts like a shout, down to a change of `_FAINT` in the mean over the picture. All
    [N,1,S,S]; `distance` of the result from the target, `change` of the source.
    """
    left, all_of_it = ((x * region).mean((1, 2, 3)) for x in (distance, change))
    return (left / all_of_it.clamp_min(_FAINT)).mean()


def halved(picture: Tensor) -> Tensor:
    """Averages over blocks of 2 x 2: [N,C,H,W] to [N,C,H/2,W/2]."""
    return F.avg_pool2d(picture, 2)


def distance(error: Tensor) -> Tensor:
    """Mean of |error| over the channels: [N,C,H,W] to [N,1,H,W]."""
    return error.abs().mean(1, keepdim=True)


def absolute(error: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean of |error|; error [N,C,H,W], weights [N,1,H,W]."""
    return (distance(error) * weights).mean()


def lines(error: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean of the absolute differences between neighbours of `error`: lost lines.

    Zero when result and target differ by a constant; a blurred or doubled line costs on both sides.
    """
    across = absolute(error[..., 1:] - error[..., :-1], weights[..., 1:])
    down = absolute(error[..., 1:, :] - error[..., :-1, :], weights[..., 1:, :])
    return across + down


def restraint(mask: Tensor, region: Tensor) -> Tensor:
    """Mean of the mask [N,1,S,S] outside the changed region: paint where nothing is to change."""
    return (mask * (1 - region)).mean()


def roughness(displacement: Tensor) -> Tensor:
    """Total variation of a displacement field [N,2,H,W] in sides, per unit of length."""
    across = (displacement[..., 1:] - displacement[..., :-1]).abs().mean()
    down = (displacement[..., 1:, :] - displacement[..., :-1, :]).abs().mean()
    return (across + down) * displacement.shape[-1]
