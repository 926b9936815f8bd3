"""The generator of Rao et al., "Facial expression transformation for anime-style image based on
decoder control and attention mask": mapping network, transformation network, attention network.

Their "three down-sampling layers" are read as StarGAN's: a 7x7 convolution at full size and two 4x4
of stride 2; the "three up-sampling layers" mirror them.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


class Mapping(nn.Module):
    """The control mapping network F, eq. 2: control [N,C] to control information [N,out].

    Nine fully connected layers, each followed by ReLU. Weights start for ReLU (He) and biases at
    zero: with other starts nine layers in a row drown the differences between controls.
    """

    LAYERS = 9

    def __init__(self, controls: int, width: int, out: int) -> None:
        super().__init__()
        sides = [controls, *[width] * (self.LAYERS - 1), out]
        layers: list[nn.Module] = []
        for inside, outside in pairwise(sides):
            linear = nn.Linear(inside, outside)
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            nn.init.zeros_(linear.bias)
            layers += [linear, nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, control: Tensor) -> Tensor:
        """[N,C] to [N,out], not negative."""
        out: Tensor = self.layers(control)
        return out


class AdaIN(nn.Module):
    """Eq. 5: AdaIN(X, k) = (1 + f(k)_1) · IN(X) + f(k)_2, with f a fully connected layer."""

    def __init__(self, channels: int, information: int) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(channels)
        self.affine = nn.Linear(information, 2 * channels)

    def forward(self, x: Tensor, k: Tensor) -> Tensor:
        """x [N,C,H,W] and k [N,information] to [N,C,H,W]."""
        scale, shift = self.affine(k)[:, :, None, None].chunk(2, dim=1)  # [N,C,1,1] each
        out: Tensor = (1 + scale) * self.norm(x) + shift
        return out


class Residual(nn.Module):
    """x + IN(conv(ReLU(IN(conv(x))))), 3x3, channels kept."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.InstanceNorm2d(channels, affine=True),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.InstanceNorm2d(channels, affine=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N,C,H,W] to the same."""
        out: Tensor = x + self.body(x)
        return out


class ControlledResidual(nn.Module):
    """The same with AdaIN in place of each IN."""

    def __init__(self, channels: int, information: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = AdaIN(channels, information)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = AdaIN(channels, information)

    def forward(self, x: Tensor, k: Tensor) -> Tensor:
        """[N,C,H,W] and [N,information] to [N,C,H,W]."""
        inner = torch.relu(self.first_norm(self.first(x), k))
        out: Tensor = x + self.second_norm(self.second(inner), k)
        return out


def encoder(width: int, residuals: int) -> nn.Sequential:
    """[N,3,S,S] to [N,4*width,S/4,S/4]: three down-sampling layers, then residual blocks."""
    layers: list[nn.Module] = []
    for inside, outside, kernel in (
        (3, width, 7),
        (width, 2 * width, 4),
        (2 * width, 4 * width, 4),
    ):
        stride = 1 if kernel == 7 else 2
        layers += [
            nn.Conv2d(inside, outside, kernel, stride, (kernel - 1) // 2, bias=False),
            nn.InstanceNorm2d(outside, affine=True),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers, *(Residual(4 * width) for _ in range(residuals)))


class Transformation(nn.Module):
    """G_trans, eq. 4: the picture and control information to the colours of the new expression."""

    def __init__(self, width: int, information: int, residuals: int = 3) -> None:
        super().__init__()
        self.encoder = encoder(width, residuals)
        self.residuals = nn.ModuleList(
            ControlledResidual(4 * width, information) for _ in range(residuals)
        )
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(2 * side, side, 4, 2, 1, bias=False) for side in (2 * width, width)
        )
        self.norms = nn.ModuleList(AdaIN(side, information) for side in (2 * width, width))
        self.last = nn.Conv2d(width, 3, 7, padding=3, bias=False)

    def forward(self, image: Tensor, k: Tensor) -> Tensor:
        """image [N,3,S,S] in [-1,1], k [N,information] to [N,3,S,S] in [-1,1]."""
        x = self.encoder(image)  # [N,4w,S/4,S/4]
        for block in self.residuals:
            x = block(x, k)
        for up, norm in zip(self.ups, self.norms, strict=True):
            x = torch.relu(norm(up(x), k))
        return torch.tanh(self.last(x))


class Attention(nn.Module):
    """G_att, eq. 6: where the picture changes; it sees the picture only."""

    def __init__(self, width: int, residuals: int = 6) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for side in (2 * width, width):
            layers += [
                nn.ConvTranspose2d(2 * side, side, 4, 2, 1, bias=False),
                nn.InstanceNorm2d(side, affine=True),
                nn.ReLU(inplace=True),
            ]
        last = nn.Conv2d(width, 1, 7, padding=3, bias=False)
        self.body = nn.Sequential(encoder(width, residuals), *layers, last)

    def forward(self, image: Tensor) -> Tensor:
        """image [N,3,S,S] in [-1,1] to the mask [N,1,S,S] in [0,1]."""
        return torch.sigmoid(self.body(image))


class Generator(nn.Module):
    """G, eq. 8, up to the composition: returns what is painted and where.

    `width` is the number of channels at full size (64 as published), `mapping` the width of the
    mapping network, `information` the length n of its output (512 each, n is not published).
    """

    def __init__(
        self,
        controls: int,
        *,
        width: int = 64,
        mapping: int = 512,
        information: int = 512,
        attention_width: int | None = None,
    ) -> None:
        super().__init__()
        self.mapping = Mapping(controls, mapping, information)
        self.transformation = Transformation(width, information)
        self.attention = Attention(attention_width or width)

    def forward(self, image: Tensor, control: Tensor) -> tuple[Tensor, Tensor]:
        """image [N,3,S,S] in [-1,1] (S a multiple of 4) and control [N,C] to `paint` [N,3,S,S] in
        [-1,1] and `mask` [N,1,S,S] in [0,1]."""
        paint = self.transformation(image, self.mapping(control))
        return paint, self.attention(image)


def compose(image: Tensor, paint: Tensor, mask: Tensor) -> Tensor:
    """Eq. 7: y* = M · y + (1 - M) · x."""
    return mask * paint + (1 - mask) * image
