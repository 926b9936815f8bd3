"""The finder: where faces are in a whole picture, how large, and where their landmarks lie.

One scale with a pyramid merged into it, heat peaks for centres (after CenterNet, Zhou et al. 2019).
Turning heat into faces is left to `faces.find`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE: Final = 4

POINTS: Final = (
    "left_eye", "right_eye", "left_eye_outer", "left_eye_inner", "right_eye_inner",
    "right_eye_outer", "left_brow_middle", "right_brow_middle", "nose", "mouth", "mouth_left",
    "mouth_right", "mouth_top", "mouth_bottom", "chin",
)  # fmt: skip
"""The landmarks that the finder learns, in the order of its output."""


class Found(NamedTuple):
    """`heat` [N,1,h,w] logits (a probability once exported), `box` [N,4,h,w] distances to the box's
    left, top, right and bottom and `landmarks` [N,2K,h,w] offsets, from the cell's centre in sides
    of the picture; h = w = S/4."""

    heat: Tensor
    box: Tensor
    landmarks: Tensor


class Finder(nn.Module):
    """Letterboxed pictures [N,3,S,S] in [-1,1] to `Found`; S a multiple of 32."""

    def __init__(
        self, widths: tuple[int, ...] = (16, 32, 64, 96, 160), points: int = len(POINTS)
    ) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth, deepest = widths
        self.stem = nn.Sequential(_step(3, half, 2), _step(half, quarter, 2))  # S/4
        self.eighth = nn.Sequential(_step(quarter, eighth, 2), Residual(eighth))
        self.sixteenth = nn.Sequential(_step(eighth, sixteenth, 2), Residual(sixteenth))
        self.deepest = nn.Sequential(
            _step(sixteenth, deepest, 2), Residual(deepest), Residual(deepest)
        )
        self.lower = nn.ModuleList(
            nn.Conv2d(a, b, 1)
            for a, b in ((deepest, sixteenth), (sixteenth, eighth), (eighth, quarter))
        )
        self.merge = nn.ModuleList(
            (Residual(sixteenth), Residual(eighth), _step(quarter, 2 * quarter, 1))
        )
        self.heads = nn.Conv2d(2 * quarter, 1 + 4 + 2 * points, 1)
        with torch.no_grad():
            self.heads.bias[0] = -4.0  # type: ignore[index]

    def forward(self, image: Tensor) -> Found:
        """Float32 outputs at a quarter of the picture's side."""
        x4 = self.stem(image)
        x8 = self.eighth(x4)
        x16 = self.sixteenth(x8)
        x = self.deepest(x16)
        for lower, merge, skip in zip(self.lower, self.merge, (x16, x8, x4), strict=True):
            x = merge(F.interpolate(lower(x), scale_factor=2.0, mode="nearest") + skip)
        out = self.heads(x).float()
        return Found(out[:, :1], out[:, 1:5], out[:, 5:])


class Residual(nn.Module):
    """Two convolutions and the way around."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_step(channels, channels, 1), _plain(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Features to features of the same shape."""
        return F.relu(x + self.body(x))


def _plain(channels: int, out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(out)
    )


def _step(channels: int, out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(*_plain(channels, out, stride), nn.ReLU())


def probability(found: Found) -> Found:
    """The outputs as the card describes them: heat as a probability."""
    return found._replace(heat=torch.sigmoid(found.heat))
