"""Marks of feeling that lie on top of a face: tears, sweat, the vein of comic anger."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trainer.characters.colour import argb
from trainer.characters.eyes import EyeShape
from trainer.characters.head import Head
from trainer.characters.ink import Points, curve, ribbon
from trainer.characters.pen import Pen
from trainer.characters.view import View

_WATER = (0.80, 0.92, 1.0)
_EDGE = (0.42, 0.62, 0.85)


def _drop(x: float, y: float, wide: float, tall: float) -> Points:
    """A drop whose point is at the top; (x, y) is its middle."""
    return curve(
        [
            (x, y - 0.62 * tall),
            (x + 0.30 * wide, y - 0.1 * tall),
            (x + 0.5 * wide, y + 0.22 * tall),
            (x, y + 0.5 * tall),
            (x - 0.5 * wide, y + 0.22 * tall),
            (x - 0.30 * wide, y - 0.1 * tall),
        ],
        4,
        closed=True,
    )


def draw_tears(pen: Pen, shape: EyeShape, head: Head, view: View, p: Mapping[str, float]) -> None:
    """Wet lids first, then beads at the outer lower lid, then streams down the cheek."""
    amount = p["tears"]
    if amount < 0.03:
        return
    wet = min(amount / 0.3, 1.0)
    band = shape.lower[2:17]
    pen.fill(ribbon(band - (0.0, 0.012), 0.035), argb(_WATER, 0.85 * wet))
    pen.stroke(band + (0.0, 0.012), 0.010, argb(_EDGE, 0.55 * wet), 0.3, 0.3)
    bead = min(max((amount - 0.3) / 0.3, 0.0), 1.0)
    outer = shape.lower[14]
    if bead > 0.02:
        size = 0.10 * bead
        drop = _drop(outer[0], outer[1] + 0.02, size, size * 1.1)
        pen.fill(drop, argb(_WATER, 0.95))
        pen.stroke(np.concatenate([drop, drop[:1]]), 0.009, argb(_EDGE, 0.9), 0.0, 0.0)
        pen.fill(_drop(outer[0] - 0.12 * size, outer[1], 0.3 * size, 0.3 * size), argb((1, 1, 1)))
    stream = min(max((amount - 0.6) / 0.4, 0.0), 1.0)
    if stream > 0.02:
        start = shape.lower[11]
        reach = (0.80 * head.chin - start[1]) * stream
        x0, y0 = start
        bow = 0.05 * shape.side
        spine = curve([(x0, y0), (x0 + bow, y0 + 0.4 * reach), (x0 + 0.7 * bow, y0 + reach)], 6)
        wide = np.linspace(0.05, 0.085, len(spine))
        wide[-1] = 0.02
        body = ribbon(spine, wide)
        pen.fill(body, argb(_WATER, 0.80))
        pen.stroke(np.concatenate([body, body[:1]]), 0.009, argb(_EDGE, 0.7), 0.0, 0.0)
        pen.stroke(spine[1:-2] + (-0.012, 0.0), 0.014, argb((1, 1, 1), 0.95), 0.3, 0.3)


def draw_sweat(pen: Pen, head: Head, view: View, p: Mapping[str, float]) -> None:
    """One drop at the temple away from the parting."""
    amount = p["sweat"]
    if amount < 0.05:
        return
    x, y = view.spot(0.74 * head.width_eyes / 2, -0.12)
    drop = _drop(x, y, 0.12 * (0.5 + 0.5 * amount), 0.22 * (0.4 + 0.6 * amount))
    pen.fill(drop, argb(_WATER, 0.95))
    pen.stroke(np.concatenate([drop, drop[:1]]), 0.013, argb((0.30, 0.45, 0.68), 0.95), 0.0, 0.0)
    pen.fill(_drop(x - 0.02, y + 0.02, 0.03, 0.06), argb((1, 1, 1)))


def draw_vein(pen: Pen, head: Head, view: View, p: Mapping[str, float]) -> None:
    """The crossed vein of comic anger, above the brow at the temple."""
    amount = p["vein"]
    if amount < 0.05:
        return
    x, y = view.spot(-0.62, head.hairline + 0.35, 0.15)
    size = 0.16 * (0.5 + 0.5 * amount)
    ink = argb((0.78, 0.10, 0.12), min(amount * 2, 1.0))
    for a in range(4):
        c, s = np.cos(a * np.pi / 2), np.sin(a * np.pi / 2)
        bend = curve([(0.22, 1.0), (0.24, 0.24), (1.0, 0.22)], 4) * size
        turned = bend @ np.array([[c, s], [-s, c]]) + (x, y)
        pen.stroke(turned, 0.032, ink, 0.2, 0.2)
