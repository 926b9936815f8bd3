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
_ALONG: Final = (0.0, 0.17, 0.33, 0.5, 0.67, 0.83, 1.0)
"""Where a brow is looked at, from one end to the other."""


def tracked(landmarks: Tensor) -> Tensor:
    """The points [N,K,2] that are followed: those of eyes, mouth and chin, and seven along the
    parabola through each brow's three. `landmarks` [N,27,2] as in contract.labels."""
    t = torch.tensor(_ALONG, device=landmarks.device, dtype=landmarks.dtype)
    shares = torch.stack(((1 - t) * (1 - 2 * t), 4 * t * (1 - t), t * (2 * t - 1)), 1)  # [7,3]
    parts = [landmarks[:, [LANDMARKS.index(name) for name in _POINTS]]]
    for brow in _BROWS:
        parts.append(shares @ landmarks[:, [LANDMARKS.index(name) for name in brow]])
    return torch.cat(parts, 1)


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
