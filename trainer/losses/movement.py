"""Where the artist moved the parts of a face to: the displacement at the landmarks.

A thin line that moves (a brow) is a poor teacher through its pixels alone: as long as it is moved
to a wrong place, to erase it costs less. The landmarks of both drawings say where it went.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from contract.labels import LANDMARKS

_BROWS: Final = (
    ("left_brow_outer", "left_brow_middle", "left_brow_inner"),
    ("right_brow_inner", "right_brow_middle", "right_brow_outer"),
)
_POINTS: Final = (
    "left_eye_outer", "left_eye_inner", "left_eye_top", "left_eye_bottom",
    "right_eye_inner", "right_eye_outer", "right_eye_top", "right_eye_bottom",
    "mouth_left", "mouth_right", "mouth_top", "mouth_bottom", "chin",
)  # fmt: skip
_NEAR: Final = 0.012
"""How near to a brow counts as its place, in sides: a brow's thickness."""

_AROUND_NOSE: Final = 0.025
"""How far a nose's place reaches, in sides."""

_ALONG: Final = (0.0, 0.17, 0.33, 0.5, 0.67, 0.83, 1.0)
"""Where a brow is looked at, from one end to the other."""


def tracked(landmarks: Tensor) -> Tensor:
    """The points [N,K,2] that are followed: those of eyes, mouth and chin, and seven along the
    parabola through each brow's three. `landmarks` [N,27,2] as in contract.labels."""
    points = landmarks[:, [LANDMARKS.index(name) for name in _POINTS]]
    return torch.cat((points, brows(landmarks)), 1)


def brows(landmarks: Tensor) -> Tensor:
    """Seven points along each brow, [N,14,2]."""
    t = torch.tensor(_ALONG, device=landmarks.device, dtype=landmarks.dtype)
    shares = torch.stack(((1 - t) * (1 - 2 * t), 4 * t * (1 - t), t * (2 * t - 1)), 1)  # [7,3]
    names = [[LANDMARKS.index(name) for name in brow] for brow in _BROWS]
    return torch.cat([shares @ landmarks[:, brow] for brow in names], 1)


def painted_brows(mask: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """Mean of the mask [N,1,S,S] near the brows, before and after: there is nothing to paint.

    Brows move over plain skin and under hair, so a displacement can do it all. As long as paint may
    hide it, it learns nothing there. Landmarks `source` and `target` [N,27,2] in sides.
    """
    return _painted(mask, torch.cat((brows(source), brows(target)), 1), _NEAR)


def painted_nose(mask: Tensor, source: Tensor) -> Tensor:
    """Mean of the mask [N,1,S,S] around the nose: no expression draws another one.

    Many artists leave it out; a discriminator that has seen dots there asks for dots. Landmarks
    `source` [N,27,2] in sides.
    """
    return _painted(mask, source[:, [LANDMARKS.index("nose")]], _AROUND_NOSE)


def _painted(mask: Tensor, points: Tensor, near: float) -> Tensor:
    """Mean of the mask, weighted by a Gaussian of the distance to the nearest of `points` [N,K,2],
    of the deviation `near` in sides."""
    small = F.avg_pool2d(mask, 4)  # [N,1,h,w]
    h, w = small.shape[2:]
    ys = (torch.arange(h, device=mask.device, dtype=mask.dtype) + 0.5) / h
    xs = (torch.arange(w, device=mask.device, dtype=mask.dtype) + 0.5) / w
    across = (points[:, :, :1] - xs).square()  # [N,K,w]
    down = (points[:, :, 1:] - ys).square()  # [N,K,h]
    nearest = (down.unsqueeze(3) + across.unsqueeze(2)).amin(1, keepdim=True)  # [N,1,h,w]
    weights = torch.exp(nearest * (-0.5 / near**2))
    return (small * weights).sum() / weights.sum()


def movement(displacement: Tensor, source: Tensor, target: Tensor, region: Tensor) -> Tensor:
    """Mean distance, in sides, of the displacement from that of the `tracked` points.

    displacement [N,2,S,S] in sides (the new pixel at p is the old one at p + displacement(p)),
    landmarks `source` and `target` [N,27,2] in sides, `region` [N,1,S,S] of what changed. A point
    counts where the drawings differ: not under hair that hides it, and not where nothing moved.
    """
    there = tracked(target)
    grid = (2 * there - 1).unsqueeze(1)  # [N,1,K,2]
    moved = F.grid_sample(displacement, grid, align_corners=False)[:, :, 0]  # [N,2,K]
    counts = F.grid_sample(region, grid, align_corners=False)[:, 0, 0]  # [N,K]
    wanted = (tracked(source) - there).transpose(1, 2)
    return ((moved - wanted).abs().sum(1) * counts).sum() / (counts.sum() + 1.0)
