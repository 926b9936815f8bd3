"""The judge: what a drawn face shows. Only figures are made with it, never a loss.

A residual network with squeeze and excitation (He et al. 2016, Hu et al. 2018), so that it shares
neither architecture nor weights with any critic that an editor is trained against.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from contract.expression import EXPRESSIONS
from contract.labels import ATTRIBUTES, EYE_COLOURS, HAIR_COLOURS


class Judgement(NamedTuple):
    """Logits: expression [N,14], attributes [N,8] (each for itself), hair [N,12], eyes [N,10]."""

    expression: Tensor
    attributes: Tensor
    hair: Tensor
    eyes: Tensor


HEADS = (len(EXPRESSIONS), len(ATTRIBUTES), len(HAIR_COLOURS), len(EYE_COLOURS))


class Judge(nn.Module):
    """Aligned crops [N,3,S,S] in [-1,1] to a `Judgement`; S a multiple of 16, 128 by default."""

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128, 192)) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(12, widths[0], 3, padding=1, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
        )
        self.stages = nn.Sequential(
            *(nn.Sequential(Residual(a, b, stride=2), Residual(b, b)) for a, b in pairwise(widths))
        )
        self.head = nn.Sequential(
            nn.Linear(4 * 4 * widths[-1], 256),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(256, sum(HEADS)),
        )

    def forward(self, image: Tensor) -> Judgement:
        """The judgement of each picture; float32 logits."""
        x = self.stages(self.stem(image))  # [N,C,S/16,S/16]
        x = F.adaptive_avg_pool2d(x, 4).flatten(1)  # where brows and mouth are, matters
        return Judgement(*self.head(x).float().split(HEADS, dim=1))


class Residual(nn.Module):
    """Two convolutions, channels weighed by what the whole picture shows, and the way around."""

    def __init__(self, channels: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, out, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(),
            nn.Conv2d(out, out, 3, padding=1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.squeeze = nn.Sequential(
            nn.Linear(out, out // 8), nn.ReLU(), nn.Linear(out // 8, out), nn.Sigmoid()
        )
        self.around = (
            nn.Identity()
            if stride == 1 and channels == out
            else nn.Sequential(nn.AvgPool2d(stride), nn.Conv2d(channels, out, 1))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Features [N,C,H,W] to [N,out,H/stride,W/stride]."""
        y = self.body(x)
        weights = self.squeeze(y.mean((2, 3)))[:, :, None, None]
        return F.relu(torch.addcmul(self.around(x), y, weights))
