"""How alike two pictures are: PSNR and SSIM, over the whole picture or inside a region.

Pictures are [N,C,H,W] float in [0,1]. SSIM follows Wang et al. 2004 (Gaussian window of 11 pixels,
sigma 1.5) as scikit-image computes it with `gaussian_weights=True, use_sample_covariance=False`.
"""

from __future__ import annotations

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
    return decibels(_mean((picture - truth).square().mean(1, keepdim=True), region))


def decibels(error: Tensor) -> Tensor:
    """Mean squared errors of pictures in [0,1] as PSNR."""
    return (-10 * torch.log10(error.clamp_min(10 ** (-PSNR_CEILING / 10)))).where(
        ~error.isnan(), error
    )


def ssim(picture: Tensor, truth: Tensor, region: Tensor | None = None) -> Tensor:
    """Structural similarity of each picture, [N]: the mean over channels and windows.

    Without a region, over the windows that lie inside the picture, as usual. With a `region`
    [N,1,H,W] of booleans, over the windows centred on its pixels (windows that cross the border see
    it mirrored); NaN where it is empty.
    """
    if region is None:
        return ssim_map(picture, truth).mean((1, 2, 3))
    edge = (WINDOW // 2,) * 4
    padded = ssim_map(F.pad(picture, edge, "reflect"), F.pad(truth, edge, "reflect"))
    return _mean(padded, region)


def ssim_map(picture: Tensor, truth: Tensor) -> Tensor:
    """SSIM of each window inside the pictures, mean over channels: [N,1,H-10,W-10].

    Raises ValueError for pictures smaller than the window.
    """
    n, channels, height, width = picture.shape
    if min(height, width) < WINDOW:
        raise ValueError(f"SSIM needs pictures of {WINDOW} pixels and more, not {width}x{height}")
    x, y = picture.double(), truth.double()
    stacked = torch.cat((x, y, x * x, y * y, x * y), 1).reshape(-1, 1, height, width)
    offset = torch.arange(WINDOW, dtype=torch.float64, device=x.device) - WINDOW // 2
    window = torch.exp(-0.5 * (offset / SIGMA).square())
    window = window / window.sum()
    blurred = F.conv2d(F.conv2d(stacked, window.view(1, 1, -1, 1)), window.view(1, 1, 1, -1))
    mean_x, mean_y, xx, yy, xy = blurred.view(
        n, 5, channels, height - WINDOW + 1, width - WINDOW + 1
    ).unbind(1)
    variances = (xx - mean_x * mean_x) + (yy - mean_y * mean_y)
    covariance = xy - mean_x * mean_y
    result = ((2 * mean_x * mean_y + C1) * (2 * covariance + C2)) / (
        (mean_x * mean_x + mean_y * mean_y + C1) * (variances + C2)
    )
    return result.mean(1, keepdim=True).to(picture.dtype)


def _mean(values: Tensor, region: Tensor | None) -> Tensor:
    """The mean of `values` [N,1,H,W] over the picture or over `region`, [N]; NaN where empty."""
    if region is None:
        return values.mean((1, 2, 3))
    return (values * region).sum((1, 2, 3)) / region.sum((1, 2, 3))
