"""Where a picture changed, and how far a result is from the truth there.

Pictures are [N,3,H,W] float in [0,1], regions [N,1,H,W] boolean.
"""

from __future__ import annotations

from typing import Final

import torch.nn.functional as F
from torch import Tensor

VISIBLE: Final = 8 / 255
"""A pixel counts as changed where a channel differs by more: less is not seen."""

MARGIN: Final = 4 / 128
"""How far the allowed region reaches beyond the true change, as a fraction of the side."""


def changed(before: Tensor, after: Tensor, threshold: float = VISIBLE) -> Tensor:
    """The pixels in which any channel of two pictures differs by more than `threshold`."""
    return (after - before).abs().amax(1, keepdim=True) > threshold


def dilated(region: Tensor, pixels: int) -> Tensor:
    """`region` grown by `pixels` in every direction (a square)."""
    if pixels < 1:
        return region
    side = 2 * pixels + 1  # a row of it, then a column: far cheaper than the square
    rows = F.max_pool2d(region.float(), (1, side), stride=1, padding=(0, pixels))
    return F.max_pool2d(rows, (side, 1), stride=1, padding=(pixels, 0)) > 0.5


def absolute_error(picture: Tensor, truth: Tensor, region: Tensor) -> Tensor:
    """The sum of absolute differences inside `region` over pixels and channels, [N]."""
    return ((picture - truth).abs() * region).sum((1, 2, 3))


def spilled(before: Tensor, after: Tensor, allowed: Tensor) -> Tensor:
    """The share of pixels outside `allowed` that visibly changed, [N]; 0 where none is outside."""
    outside = ~allowed
    count = (changed(before, after) & outside).sum((1, 2, 3))
    return count / outside.sum((1, 2, 3)).clamp_min(1)
