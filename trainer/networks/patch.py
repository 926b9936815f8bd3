"""A patch discriminator for changed faces: beside its original, is this the drawing asked for?"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Verdict(NamedTuple):
    """What the discriminator says of N pictures.

    `logits` [N,1,H,W], one per patch, high for true drawings; `vector` [N,P], its estimate of the
    expression parameters as scaled in the control; `features`, the maps of its layers.
    """

    logits: Tensor
    vector: Tensor
    features: list[Tensor]


class PatchDiscriminator(nn.Module):
    """Pictures beside their originals, and the control, to a `Verdict`.

    The control enters as a projection on the last features (Miyato & Koyama, cGANs with projection
    discriminator). The first layer sees blocks of 2 x 2 pixels: cheap, and every pixel counts.
    """

    def __init__(self, control: int, width: int = 32, layers: int = 3) -> None:
        super().__init__()
        widths = [24, *(width * 2**i for i in range(layers))]
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.spectral_norm(nn.Conv2d(a, b, 4, stride=2, padding=1))
            for a, b in itertools.pairwise(widths)
        )
        self.judge = nn.Conv2d(widths[-1], 1, 3, padding=1)
        self.project = nn.Linear(control, widths[-1])
        self.vector = nn.Linear(widths[-1], control // 2)

    def forward(self, picture: Tensor, source: Tensor, control: Tensor) -> Verdict:
        """`picture` and `source` [N,3,S,S] in [-1,1], control [N,2P] to the verdict."""
        x = F.pixel_unshuffle(torch.cat((picture, source), 1), 2)  # [N,24,S/2,S/2]
        x = x.contiguous(memory_format=torch.channels_last)
        features = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            features.append(x)  # [N,width * 2^i, S/2^(i+2), ...]
        wanted = self.project(control)[:, :, None, None]
        logits = self.judge(x) + (x * wanted).mean(1, keepdim=True)
        return Verdict(logits.float(), self.vector(x.mean((2, 3))).float(), features)
