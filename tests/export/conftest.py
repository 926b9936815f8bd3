"""A network small enough to export in seconds, with the tensors of an expression editor."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from contract.card import Tensor as Spec

SIDE = 16
CONTROLS = 6


class Tiny(nn.Module):
    """Instance norm, adaptive scale and two outputs, as an editor has them."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, padding=1, stride=2)
        self.norm = nn.InstanceNorm2d(8)
        self.style = nn.Linear(CONTROLS, 16)
        self.out = nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, image: Tensor, control: Tensor) -> tuple[Tensor, Tensor]:
        scale, shift = self.style(control)[:, :, None, None].chunk(2, dim=1)
        h = torch.relu((1 + scale) * self.norm(self.down(image)) + shift)
        h = self.out(nn.functional.interpolate(h, scale_factor=2, mode="nearest"))
        return torch.tanh(h[:, :3]), torch.sigmoid(h[:, 3:])


INPUTS = (
    Spec(name="image", shape=(-1, 3, SIDE, SIDE)),
    Spec(name="control", shape=(-1, CONTROLS)),
)
OUTPUTS = (
    Spec(name="paint", shape=(-1, 3, SIDE, SIDE)),
    Spec(name="mask", shape=(-1, 1, SIDE, SIDE)),
)


@pytest.fixture
def tiny() -> Tiny:
    """The network with fixed weights."""
    torch.manual_seed(3)
    return Tiny().eval()


@pytest.fixture
def inputs() -> tuple[Spec, ...]:
    """What the tiny network takes."""
    return INPUTS


@pytest.fixture
def outputs() -> tuple[Spec, ...]:
    """What the tiny network gives."""
    return OUTPUTS
