"""Whether a network knows where the landmarks of a face are, before and after a change."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def astray(maps: Tensor, points: Tensor) -> Tensor:
    """Mean cross-entropy of maps [N,M,h,w] (logits) and points [N,M,2], as a share of a guess's.

    A point (x, y in sides) belongs to the four places around it, by nearness. Points outside the
    picture do not count.
    """
    h, w = maps.shape[2:]
    size = torch.tensor([w, h], device=points.device, dtype=points.dtype)
    at = points * size - 0.5
    corner = at.floor()
    near = at - corner
    logs = F.log_softmax(maps.flatten(2), 2)
    found = torch.zeros_like(near[..., 0])
    for dx in (0, 1):
        for dy in (0, 1):
            x = (corner[..., 0] + dx).clamp(0, w - 1)
            y = (corner[..., 1] + dy).clamp(0, h - 1)
            share = (near[..., 0] - (1 - dx)).abs() * (near[..., 1] - (1 - dy)).abs()
            place = (y * w + x).long().unsqueeze(2)
            found = found + share * logs.gather(2, place).squeeze(2)
    inside = ((points > 0) & (points < 1)).all(2)
    return -(found * inside).sum() / (inside.sum().clamp_min(1) * math.log(h * w))
