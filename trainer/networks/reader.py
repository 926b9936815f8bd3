"""The reader: what a face shows (expression as vector and name, attributes), off its crop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from contract import expression
from contract.labels import ATTRIBUTES
from trainer.networks.tagger import SLOPE, Trunk

SCALE = np.maximum(
    expression.HIGH - expression.NEUTRAL, expression.NEUTRAL - expression.LOW
).astype(np.float32)


class Reading(NamedTuple):
    """`vector` [N,31], scaled as controls are (neutral is 0, the farther end of a range 1 or -1),
    not clipped; logits of the presets `expression` [N,14] and of `attributes` [N,8]."""

    vector: Tensor
    expression: Tensor
    attributes: Tensor


HEADS = (expression.SIZE, len(expression.EXPRESSIONS), len(ATTRIBUTES))


class Reader(nn.Module):
    """Aligned crops [N,3,S,S] in [-1,1] to a `Reading`. S is 128 as trained, any multiple of 16."""

    neutral: Tensor
    scale: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128, 192)) -> None:
        super().__init__()
        self.trunk = Trunk(widths)
        self.head = nn.Sequential(
            nn.Linear(8 * 8 * 48, 256), nn.LeakyReLU(SLOPE), nn.Linear(256, sum(HEADS))
        )
        self.narrow = nn.Conv2d(widths[-1], 48, 1)
        for name, values in (
            ("neutral", expression.NEUTRAL),
            ("scale", SCALE),
            ("low", expression.LOW),
            ("high", expression.HIGH),
        ):
            self.register_buffer(name, torch.from_numpy(values.copy()), persistent=False)

    def forward(self, image: Tensor) -> Reading:
        """The reading of each picture; float32."""
        x = self.narrow(self.trunk(image)[-1])
        read = self.head(F.adaptive_avg_pool2d(x, 8).flatten(1)).float()
        return Reading(*read.split(HEADS, dim=1))

    def scaled(self, vectors: Tensor) -> Tensor:
        """Vectors [N,31] in the units of `contract.expression`, as the network gives them."""
        return (vectors - self.neutral) / self.scale

    def vectors(self, image: Tensor) -> Tensor:
        """Vectors [N,31] in the units of `contract.expression`, within their ranges."""
        reading: Reading = self(image)
        return (self.neutral + self.scale * reading.vector).clamp(self.low, self.high)
