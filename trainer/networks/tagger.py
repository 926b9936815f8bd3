"""The tagger: 59 tags and 8 attributes of a face, and features in which drawings can be compared.

Plain convolutions, as in VGG, because their features have served contextual and perceptual losses
well; here they were learnt on drawings.
"""

from __future__ import annotations

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from contract.labels import ATTRIBUTES, TAGS

SLOPE = 0.1


class Tagged(NamedTuple):
    """Logits, each for itself: tags [N,59] and attributes [N,8]."""

    tags: Tensor
    attributes: Tensor


class Trunk(nn.Module):
    """Plain convolutions from a picture [N,3,S,S] to features at 1/2, 1/4, 1/8 and 1/16."""

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128, 192)) -> None:
        super().__init__()
        self.widths = widths
        levels: list[nn.Module] = []
        previous = 3
        for i, width in enumerate(widths):
            layers = [_layer(previous, width, stride=2)]
            if i:  # the finest level is the dearest: one layer there
                layers.append(_layer(width, width))
            levels.append(nn.Sequential(*layers))
            previous = width
        self.levels = nn.ModuleList(levels)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Feature maps, finest first: [N,C_i,S/2^(i+1),S/2^(i+1)]."""
        features = []
        x = image
        for level in self.levels:
            x = level(x)
            features.append(x)
        return features


class Tagger(nn.Module):
    """Aligned crops [N,3,S,S] in [-1,1] to `Tagged`; 128 px as trained, any multiple of 16."""

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128, 192)) -> None:
        super().__init__()
        self.trunk = Trunk(widths)
        self.head = nn.Sequential(
            nn.Linear(4 * 4 * widths[-1], 256),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(0.2),
            nn.Linear(256, len(TAGS) + len(ATTRIBUTES)),
        )

    def features(self, picture: Tensor) -> list[Tensor]:
        """Feature maps of pictures [N,3,S,S] in [-1,1], finest first: 1/2, 1/4, 1/8, 1/16."""
        maps: list[Tensor] = self.trunk(picture)
        return maps

    def forward(self, image: Tensor) -> Tagged:
        """The tags of each picture; float32 logits."""
        x = F.adaptive_avg_pool2d(self.features(image)[-1], 4).flatten(1)
        return Tagged(*self.head(x).float().split((len(TAGS), len(ATTRIBUTES)), dim=1))


def _layer(channels: int, out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out),
        nn.LeakyReLU(SLOPE),
    )
