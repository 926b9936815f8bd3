"""VGG19's convolutions up to conv4_2, as a frozen feature extractor for losses.

Weights come in the layout that torchvision publishes (`features.N.weight`); torchvision itself is
not needed. They were trained on photographs and are never part of what we ship.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

ASSET: Final = "vgg19-dcbb9e9d.pth"

# Channels after each convolution; a zero is a 2x2 maximum. The published network goes on.
_PLAN: Final = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512)
_TAKEN: Final = ("conv3_2", "conv4_2")


class FeatureWeightsError(RuntimeError):
    """The file does not hold VGG19's weights."""


class VGG19(nn.Module):
    """Features after the ReLU of conv3_2 [N,256,S/4,S/4] and conv4_2 [N,512,S/8,S/8]."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels, block, place = 3, 1, 0
        self._taken: list[int] = []
        for width in _PLAN:
            if width == 0:
                layers.append(nn.MaxPool2d(2))
                block, place = block + 1, 0
                continue
            place += 1
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
            if f"conv{block}_{place}" in _TAKEN:
                self._taken.append(len(layers) - 1)
        self.features = nn.Sequential(*layers)
        mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
        deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)
        self.mean: Tensor
        self.deviation: Tensor

    def forward(self, image: Tensor) -> list[Tensor]:
        """image [N,3,S,S] RGB in [-1,1] to the two feature maps."""
        x = ((image + 1) / 2 - self.mean) / self.deviation
        found = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self._taken:
                found.append(x)
        return found


def load_vgg19(path: Path) -> VGG19:
    """VGG19 with torchvision's weights from `path`. Raises FeatureWeightsError."""
    network = VGG19()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        network.load_state_dict({name: state[name] for name in network.state_dict()})
    except (OSError, RuntimeError, KeyError, TypeError, pickle.UnpicklingError) as error:
        raise FeatureWeightsError(
            f"{path} does not hold torchvision's VGG19 weights ({error}); remove it and have "
            f"{ASSET} fetched again"
        ) from error
    return network.eval().requires_grad_(False)
