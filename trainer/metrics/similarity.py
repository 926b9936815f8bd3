"""How alike two pictures are: PSNR and SSIM, over the whole picture or inside a region.

Pictures are [N,C,H,W] float in [0,1]. SSIM follows Wang et al. 2004 (Gaussian window of 11 pixels,
sigma 1.5) as scikit-image computes it with `gaussian_weights=True, use_sample_covariance=False`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

PSNR_CEILING: Final = 100.0
"""What two equal pictures get, so that a mean over pictures stays finite. Decibels."""

WINDOW: Final = 11
SIGMA: Final = 1.5
C1: Final = 0.01**2
C2: Final = 0.03**2


def psnr(picture: Tensor, truth: Tensor, region: Tensor | None = None) -> Tensor:
    """Peak signal-to-noise ratio of each picture, [N], decibels, at most `PSNR_CEILING`.

    With a `region` [N,1,H,W] of booleans, over its pixels only; NaN where it is empty.
    """
    return decibels(mean_in(squared_error(picture, truth), region))


def squared_error(picture: Tensor, truth: Tensor) -> Tensor:
    """Squared differences, the mean over channels, [N,1,H,W]."""
    return (picture - truth).square().mean(1, keepdim=True)


def decibels(error: Tensor) -> Tensor:
    """Mean squared errors of pictures in [0,1] as PSNR."""
    ceiling = 10.0 ** (-PSNR_CEILING / 10)
    return -10 * torch.log10(torch.where(error < ceiling, ceiling, error))  # NaN stays NaN


def mean_in(values: Tensor, region: Tensor | None = None) -> Tensor:
    """The mean of `values` [N,1,H,W] over the picture or over `region`, [N]; NaN where empty."""
    if region is None:
        return values.mean((1, 2, 3))
    return (values * region).sum((1, 2, 3)) / region.sum((1, 2, 3))


def ssim(picture: Tensor, truth: Tensor, region: Tensor | None = None) -> Tensor:
    """Structural similarity of each picture, [N]; see `SsimMap.mean`."""
    return SsimMap(picture, truth).mean(region)


class SsimMap:
    """SSIM of every window of a batch of pairs, for means over pictures and over regions."""

    def __init__(self, picture: Tensor, truth: Tensor) -> None:
        edge = (WINDOW // 2,) * 4
        _check_size(picture)
        pairs = zip(F.pad(picture, edge, "reflect"), F.pad(truth, edge, "reflect"), strict=True)
        # One pair at a time stays in the processor's cache, and is twice as fast there.
        self.map = torch.cat([ssim_map(one[None], other[None]) for one, other in pairs])

    def mean(self, region: Tensor | None = None) -> Tensor:
        """The mean over channels and windows of each picture, [N].

        Without a region, over the windows that lie inside the picture, as usual. With a `region`
        [N,1,H,W] of booleans, over the windows centred on its pixels (windows that cross the border
        see the picture mirrored there); NaN where it is empty.
        """
        inner = WINDOW // 2
        if region is None:
            return mean_in(self.map[:, :, inner:-inner, inner:-inner])
        return mean_in(self.map, region)


def ssim_map(picture: Tensor, truth: Tensor) -> Tensor:
    """SSIM of each window inside the pictures, mean over channels: [N,1,H-10,W-10].

    Raises ValueError for pictures smaller than the window.
    """
    _check_size(picture)
    x, y = picture - 0.5, truth - 0.5  # near zero, where squares keep their digits
    stacked = torch.stack((x, y, x * x, y * y, x * y))  # [5,N,C,H,W]
    down, across = _blur(picture.shape[2]), _blur(picture.shape[3])
    blurred: Tensor = down.to(x) @ stacked @ across.to(x).T
    mean_x, mean_y, xx, yy, xy = blurred
    variances = (xx - mean_x * mean_x) + (yy - mean_y * mean_y)
    covariance = xy - mean_x * mean_y
    mean_x, mean_y = mean_x + 0.5, mean_y + 0.5
    result: Tensor = ((2 * mean_x * mean_y + C1) * (2 * covariance + C2)) / (
        (mean_x * mean_x + mean_y * mean_y + C1) * (variances + C2)
    )
    return result.mean(1, keepdim=True)


@lru_cache(maxsize=4)
def _blur(side: int) -> Tensor:
    """The matrix [side - 10, side] that averages along a line of `side` pixels, float64.

    As a matrix product the blur is several times faster than a convolution on the CPU.
    """
    offset = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    window = torch.exp(-0.5 * (offset / SIGMA).square())
    matrix = torch.zeros(side - WINDOW + 1, side, dtype=torch.float64)
    for row in range(len(matrix)):
        matrix[row, row : row + WINDOW] = window / window.sum()
    return matrix


def _check_size(picture: Tensor) -> None:
    height, width = picture.shape[-2:]
    if min(height, width) < WINDOW:
        raise ValueError(f"SSIM needs pictures of {WINDOW} pixels and more, not {width}x{height}")
