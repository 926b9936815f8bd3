"""The discriminator of StarGAN, as Rao et al. use it: shared convolutions without normalisation,
one branch that judges patches, one that reads the expression."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn


class Discriminator(nn.Module):
    """`layers` convolutions of stride 2 from `width` channels, doubled each time, then two heads.

    `outputs` is the number of labels, or of parameters where the expression is a vector. The second
    head spans the whole picture, so `size` (a multiple of 2**layers) is fixed. Width 64, six
    layers, 128 px and five labels give StarGAN's 44,762,048 parameters.
    """

    def __init__(self, size: int, outputs: int, *, width: int = 64, layers: int = 6) -> None:
        super().__init__()
        if size % 2**layers:
            raise ValueError(f"size {size} is no multiple of {2**layers}, as {layers} layers need")
        sides = [3, *(width * 2**i for i in range(layers))]
        body: list[nn.Module] = []
        for inside, outside in pairwise(sides):
            body += [nn.Conv2d(inside, outside, 4, 2, 1), nn.LeakyReLU(0.01, inplace=True)]
        self.body = nn.Sequential(*body)
        self.patches = nn.Conv2d(sides[-1], 1, 3, padding=1, bias=False)
        self.reading = nn.Conv2d(sides[-1], outputs, size // 2**layers, bias=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """image [N,3,S,S] to scores [N,1,s,s] (real is high) and readings [N,outputs]."""
        features = self.body(image)  # [N,width*2^(layers-1),s,s], s = S / 2^layers
        return self.patches(features), self.reading(features).flatten(1)
