"""The reader: the expression vector of a face, read off its aligned crop."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from contract import expression
from trainer.networks.tagger import SLOPE, Trunk

SCALE = np.maximum(
    expression.HIGH - expression.NEUTRAL, expression.NEUTRAL - expression.LOW
).astype(np.float32)


class Reader(nn.Module):
    """Aligned crops [N,3,S,S] in [-1,1] to vectors [N,31] scaled as controls are.

    Neutral is 0 and the farther end of a parameter's range is 1 or -1; `vectors` gives the units
    of `contract.expression`. S is 128 as trained, any multiple of 16.
    """

    neutral: Tensor
    scale: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128, 192)) -> None:
        super().__init__()
        self.trunk = Trunk(widths)
        self.head = nn.Sequential(
            nn.Linear(8 * 8 * 48, 256), nn.LeakyReLU(SLOPE), nn.Linear(256, expression.SIZE)
        )
        self.narrow = nn.Conv2d(widths[-1], 48, 1)
        for name, values in (
            ("neutral", expression.NEUTRAL),
            ("scale", SCALE),
            ("low", expression.LOW),
            ("high", expression.HIGH),
        ):
            self.register_buffer(name, torch.from_numpy(values.copy()), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Scaled vectors [N,31], float32, not clipped."""
        x = self.narrow(self.trunk(image)[-1])
        read: Tensor = self.head(F.adaptive_avg_pool2d(x, 8).flatten(1)).float()
        return read

    def scaled(self, vectors: Tensor) -> Tensor:
        """Vectors [N,31] in the units of `contract.expression`, as the network gives them."""
        return (vectors - self.neutral) / self.scale

    def vectors(self, image: Tensor) -> Tensor:
        """Vectors [N,31] in the units of `contract.expression`, within their ranges."""
        scaled: Tensor = self(image)
        return (self.neutral + self.scale * scaled).clamp(self.low, self.high)
