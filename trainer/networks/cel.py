"""The network that is served: a control in, a change of the face out (displacement, paint, mask).

A U-Net whose decoder is steered by the control through a mapping network and adaptive
normalisation, after the decoder control of Rao et al. It says nothing of training. To apply the
change at a picture's own resolution is the pipeline's work; `apply_change` does it at the crop's.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from contract.labels import LANDMARKS

SLOPE = 0.1
STRIDE = 32
"""The crop's side must be a multiple of this: the deepest level is at 1/32 of a fine network's."""


LEAST_MOVE = 0.2
"""Shorter moves, in pixels of the crop, are none; longer ones lose as much (`faces.change`)."""

LEAST_MASK = 1 / 64
"""A share of paint below this is none; others lose as much (`faces.change`)."""


class Change(NamedTuple):
    """What the network says: how a face of S pixels is to change.

    `paint` [N,3,S,S] in [-1,1], `mask` [N,1,S,S] in [0,1], `displacement` [N,2,S,S] as (dx, dy) in
    fractions of the crop's side: the new pixel at p is the old one at p + displacement(p).
    `landmarks` [N,2,K,2] (x, y in sides) are where it takes them to be, before and after.
    """

    paint: Tensor
    mask: Tensor
    displacement: Tensor
    landmarks: Tensor


class Cel(nn.Module):
    """Image [N,3,S,S] in [-1,1] and control [N,2P] to a `Change`.

    The control is `[value * set, set]` over P parameters (contract.card.ExpressionVector). Mask and
    displacement are multiplied by the largest `set`, so with a control of zeros both are exactly
    zero and the picture stays. Most of the computation is at 1/4 to 1/16 of the crop's side; the
    finest layers are at 1/2, thin, and draw two by two pixels at each place.

    A coarse network (`fine=False`) is the same for crops of half the side, with one pixel at each
    place: it learns several times faster, and `refine` makes a fine one of it that starts from what
    it has learnt, as in progressive growing (Karras et al. 2018).

    A picture smaller than `size` is taken for the middle of a crop, where faces change: training on
    middles costs less for each pair.
    """

    def __init__(
        self,
        control: int,
        size: int = 256,  # side of the crop, pixels; fixes the learnt map of positions
        widths: tuple[int, int, int, int, int] = (16, 64, 96, 160, 256),  # at 1/2 to 1/32
        blocks: tuple[int, int, int] = (1, 1, 1),  # controlled blocks at 1/8, 1/16 and 1/32
        mapping: int = 128,  # width of the mapping network
        colours: int = 7,  # of the palette that paint is mixed from
        reach: float = 0.15,  # largest displacement beyond the landmarks', in crop sides
        points: int = len(LANDMARKS),
        fine: bool = True,
    ) -> None:
        super().__init__()
        if control % 2:
            raise ValueError(f"control has {control} numbers; it needs an even count, [value, set]")
        if size % STRIDE:
            raise ValueError(f"size is {size}; it must be a multiple of {STRIDE}")
        self.size = size
        self.reach = reach
        self.fine = fine
        deep = size // 32 if fine else size // 16
        half, quarter, eighth, sixteenth, deepest = widths
        self.mapping = nn.Sequential(
            nn.Linear(control, mapping),
            nn.LeakyReLU(SLOPE),
            nn.Linear(mapping, mapping),
            nn.LeakyReLU(SLOPE),
        )
        self.stem = (
            nn.Conv2d(3, half, 6, stride=2, padding=2) if fine else nn.Conv2d(3, half, 3, padding=1)
        )
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in itertools.pairwise(widths)
        )
        self.place = nn.Parameter(torch.zeros(1, deepest, deep, deep))
        self.at_deepest = _stack(deepest, mapping, blocks[2])
        self.up = nn.ModuleList(
            nn.Conv2d(a, b, 1)
            for a, b in ((deepest, sixteenth), (sixteenth, eighth), (eighth, quarter))
        )
        self.spread = nn.Conv2d(quarter, 4 * half, 1)  # two by two places of the finest layers
        self.at_sixteenth = _stack(sixteenth, mapping, blocks[1])
        self.at_eighth = _stack(eighth, mapping, blocks[0])
        self.at_quarter = Controlled(quarter, mapping, normalised=False)
        self.at_half = nn.Conv2d(half, half, 3, padding=1)
        self.points = nn.Conv2d(quarter, 2 * points, 1)
        self.carry = nn.Conv2d(quarter, points + 1, 3, padding=1)
        self.move = nn.Conv2d(quarter, 2, 3, padding=1)
        self.palette = Palette(eighth, colours)
        self.pixels = 4 if fine else 1  # drawn at each place of the finest layers
        self.draw = nn.Conv2d(half, self.pixels * (colours + 1), 3, padding=1)
        for layer in (self.points, self.carry, self.move):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(_bias(layer))
        with torch.no_grad():
            self.draw.weight[-self.pixels :] *= 0.1
            _bias(self.draw)[-self.pixels :] = -2.0
            _bias(self.carry)[-1] = 4.0  # at first, all stays where it is

    def forward(self, image: Tensor, control: Tensor) -> Change:
        """The change that `control` [N,2P] asks of `image` [N,3,S,S]; float32 outputs."""
        return self.understood(image, control)[0]

    def understood(self, image: Tensor, control: Tensor) -> tuple[Change, Tensor]:
        """The change, and where it takes the landmarks to be: logits [N,2K,S/4,S/4], one map for
        each of K points in the picture, then one for each after the change (S/2 where coarse)."""
        style = self.mapping(control)
        x = F.leaky_relu(self.stem(image), SLOPE)  # [N,half,S/2,S/2]
        skips = [x]
        for down in self.down:
            x = F.leaky_relu(down(x), SLOPE)
            skips.append(x)  # S/4, S/8, S/16, S/32
        x = x + self._place(x)
        for block in self.at_deepest:
            x = block(x, style)
        x = self._rise(0, x, skips)
        for block in self.at_sixteenth:
            x = block(x, style)
        x = self._rise(1, x, skips)
        for block in self.at_eighth:
            x = block(x, style)
        colours = self.palette(x, image)  # [N,K,3]
        x = self.at_quarter(self._rise(2, x, skips), style)
        maps = self.points(x).float()  # [N,2K,S/4,S/4]
        points = torch.stack(places(maps).chunk(2, 1), 1)  # [N,2,K,2]
        displacement = self._displacement(x, points, image.shape[-1])  # [N,2,S/4,S/4]
        x = F.pixel_shuffle(self.spread(x), 2) + skips[0]
        x = x + F.leaky_relu(self.at_half(x), SLOPE)
        drawn = self.draw(x).float()  # [N,P*(K+1),S/2,S/2], P pixels at each place
        shares, mask = drawn.split((self.pixels * colours.shape[1], self.pixels), 1)
        paint = mix(colours, shares)
        if self.fine:
            paint, mask = F.pixel_shuffle(paint, 2), F.pixel_shuffle(mask, 2)
        gate = control[:, control.shape[1] // 2 :].amax(1).clamp(0, 1).view(-1, 1, 1, 1)
        change = Change(
            paint=paint,
            mask=torch.sigmoid(mask) * gate,
            displacement=F.interpolate(
                displacement * gate,
                scale_factor=4.0 if self.fine else 2.0,
                mode="bilinear",
                align_corners=False,
            ),
            landmarks=points,
        )
        return change, maps

    @torch.no_grad()
    def refine(self, coarse: Cel) -> None:
        """Take over a coarse network of half the size: at first, this one says the same.

        The stem averages two by two pixels before it looks, and each place draws its four pixels
        alike. Raises ValueError when the networks do not fit.
        """
        if not self.fine or coarse.fine or self.size != 2 * coarse.size:
            raise ValueError(f"a network of {self.size} px cannot refine one of {coarse.size} px")
        state = coarse.state_dict()
        stem, draw = state["stem.weight"], state["draw.weight"]
        state["stem.weight"] = stem.repeat_interleave(2, 2).repeat_interleave(2, 3) / 4
        state["draw.weight"] = draw.repeat_interleave(4, 0)
        state["draw.bias"] = state["draw.bias"].repeat_interleave(4, 0)
        self.load_state_dict(state)

    def _displacement(self, x: Tensor, points: Tensor, side: int) -> Tensor:
        """Where each place comes from, in sides [N,2,h,w]: with the landmarks, and a little beyond.

        Each place shares in the ways of the K `points` [N,2,K,2] from after to before, and in
        staying where it is (after the sparse motions of Siarohin et al. 2019, equation 5).
        """
        before, after = points.unbind(1)  # [N,K,2] each
        shares = self.carry(x).float().softmax(1)[:, :-1]  # [N,K,h,w]; the last one: to stay
        with torch.autocast(x.device.type, enabled=False):
            carried = (before - after).transpose(1, 2) @ shares.flatten(2)  # [N,2,h*w]
        reach = self.reach * self.size / side  # the same in pixels for the middle of a crop
        own: Tensor = torch.tanh(self.move(x).float()) * reach
        total: Tensor = own + carried.view_as(own)
        return total

    def _place(self, x: Tensor) -> Tensor:
        """The learnt map of positions, or its middle for the middle of a crop."""
        margin = (self.place.shape[-1] - x.shape[-1]) // 2
        return self.place[..., margin:-margin, margin:-margin] if margin else self.place

    def _rise(self, i: int, x: Tensor, skips: list[Tensor]) -> Tensor:
        """Twice the side: narrow first (cheaper), then enlarge and add what the encoder saw."""
        return F.interpolate(self.up[i](x), scale_factor=2.0, mode="nearest") + skips[-2 - i]

    @staticmethod
    def apply_change(image: Tensor, change: Change) -> Tensor:
        """The picture [N,3,S,S] that `change` makes of `image`: warped, then painted over.

        As where changes are given back to whole pictures, next to nothing is nothing: a line that
        stays must not blur by a tenth of a pixel, or it is painted again to be sharp. No gradient
        passes there; with one, faint moves spread over hair and outlines.
        """
        moves = change.displacement
        length = moves.norm(dim=1, keepdim=True).clamp_min(1e-6) * moves.shape[-1]
        moves = moves * (1 - LEAST_MOVE / length).clamp_min(0)
        mask = (change.mask - LEAST_MASK).clamp_min(0) / (1 - LEAST_MASK)
        return torch.lerp(warp(image, moves), change.paint, mask)


class Controlled(nn.Module):
    """A residual block that the control steers: (1 + f(k)_1) * normalised(x) + f(k)_2.

    After Rao et al. (decoder control), with group in place of instance normalisation, which keeps
    the contrast between channels, and so colours. At 1/4, where it would be dear, there is none.
    """

    def __init__(
        self, channels: int, style: int, normalised: bool = True, convolutions: int = 2
    ) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = (
            nn.Conv2d(channels, channels, 3, padding=1) if convolutions == 2 else nn.Identity()
        )
        self.norm = (
            nn.GroupNorm(channels // 16, channels, affine=False) if normalised else nn.Identity()
        )
        self.steer = nn.Linear(style, 2 * channels)
        nn.init.zeros_(self.steer.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Features [N,C,H,W] and style [N,M] to features of the same shape."""
        scale, shift = self.steer(style)[:, :, None, None].chunk(2, 1)
        y = self.norm(self.first(x))
        y = F.leaky_relu(torch.addcmul(shift, y, 1 + scale), SLOPE)
        steered: Tensor = x + self.second(y)
        return steered


class Palette(nn.Module):
    """The colours that a face is painted with: looked up in the picture, then tinted.

    Drawings have few colours, mostly flat. Skin that is painted where an eye was must be the skin's
    own colour, whatever that is in this picture; a tongue is a colour that is not there yet.
    """

    def __init__(self, channels: int, colours: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(channels, colours, 1)
        self.tint = nn.Linear(channels, 3 * colours)
        nn.init.normal_(self.tint.bias)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        """Features [N,C,S/8,S/8] and image [N,3,S,S] to colours [N,K,3] in (-1,1)."""
        where = self.look(x).flatten(2).float().softmax(2)  # [N,K,S/8*S/8]
        tint = self.tint(x.mean((2, 3))).float().unflatten(1, (-1, 3))
        with torch.autocast(x.device.type, enabled=False):
            small = F.avg_pool2d(image, image.shape[-1] // x.shape[-1])
            found = where @ small.flatten(2).transpose(1, 2)
            return torch.tanh(torch.atanh(0.98 * found) + tint)


def mix(colours: Tensor, shares: Tensor) -> Tensor:
    """Colours [N,K,3] mixed by shares [N,P*K,H,W] (logits) to [N,P*3,H,W], P pixels at a place.

    Shares are sigmoids over their sum: as crisp as a softmax, and one product gives both the sum
    and the mixture.
    """
    n, k, _ = colours.shape
    h, w = shares.shape[2:]
    with torch.autocast(shares.device.type, enabled=False):
        each = torch.sigmoid(shares).reshape(n, k, -1)
        rows = torch.cat((colours, torch.ones_like(colours[..., :1])), 2).transpose(1, 2)
        mixed = rows @ each  # [N,4,P*H*W]: red, green, blue, sum of shares
        return (mixed[:, :3] / (mixed[:, 3:] + 1e-6)).view(n, -1, h, w)


def places(maps: Tensor) -> Tensor:
    """Where maps of logits [N,M,h,w] point: the mean place of each, x then y in sides, [N,M,2]."""
    h, w = maps.shape[2:]
    ys = (torch.arange(h, device=maps.device, dtype=maps.dtype) + 0.5) / h
    xs = (torch.arange(w, device=maps.device, dtype=maps.dtype) + 0.5) / w
    shares = maps.flatten(2).softmax(2).view_as(maps)
    return torch.stack((shares.sum(2) @ xs, shares.sum(3) @ ys), 2)


def warp(image: Tensor, displacement: Tensor) -> Tensor:
    """`image` [N,C,S,S] sampled at p + displacement(p); displacement [N,2,S,S] in sides."""
    h, w = displacement.shape[2:]
    ys = (torch.arange(h, device=image.device, dtype=displacement.dtype) + 0.5) * (2 / h) - 1
    xs = (torch.arange(w, device=image.device, dtype=displacement.dtype) + 0.5) * (2 / w) - 1
    x = xs[None, None, :] + 2 * displacement[:, 0]
    y = ys[None, :, None] + 2 * displacement[:, 1]
    return F.grid_sample(
        image, torch.stack((x, y), -1), mode="bilinear", padding_mode="border", align_corners=False
    )


def _stack(channels: int, style: int, count: int) -> nn.ModuleList:
    return nn.ModuleList(Controlled(channels, style) for _ in range(count))


def _bias(layer: nn.Conv2d) -> Tensor:
    assert layer.bias is not None
    return layer.bias
