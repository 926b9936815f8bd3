"""The contextual loss (Mechrez et al.): like content anywhere in the picture, not by pixel."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_EPSILON = 1e-5


def contextual_loss(x: Tensor, y: Tensor, *, bandwidth: float = 0.5, positions: int = 65) -> Tensor:
    """-log CX(x, y) of two feature maps [N,C,H,W] of equal channels, averaged over the batch.

    About zero when every feature of `y` has its own match among those of `x`, wherever it lies;
    larger the fewer have. Both are centred by the mean of `y` over batch and places, compared by
    cosine, distances taken relative to the nearest: d~ = d / (min_j d + 1e-5),
    CX_ij = softmax_j((1 - d~_ij) / bandwidth). As a softmax it cannot overflow. Maps with a side of
    more than `positions` are reduced to it by averaging, since time and memory grow with its fourth
    power. Computed in float32 whatever the precision around it.
    """
    with torch.autocast(x.device.type, enabled=False):
        x, y = (_reduced(features.float(), positions) for features in (x, y))
        centre = y.mean(dim=(0, 2, 3), keepdim=True)
        x_unit = functional.normalize((x - centre).flatten(2), dim=1)  # [N,C,I]
        y_unit = functional.normalize((y - centre).flatten(2), dim=1)  # [N,C,J]
        distance = (1 - x_unit.transpose(1, 2) @ y_unit).clamp_min(0)  # [N,I,J]
        relative = distance / (distance.min(dim=2, keepdim=True).values + _EPSILON)
        similarity = ((1 - relative) / bandwidth).softmax(dim=2)
        best = similarity.max(dim=1).values.mean(dim=1)  # [N]
        return -(best + _EPSILON).log().mean()


def _reduced(features: Tensor, positions: int) -> Tensor:
    height, width = features.shape[2:]
    if max(height, width) <= positions:
        return features
    return functional.adaptive_avg_pool2d(features, (min(height, positions), min(width, positions)))
