"""Brows: designs, and drawing them with any height, tilt and bend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from trainer.characters.chance import between, clamp, pick
from trainer.characters.colour import argb, mix
from trainer.characters.head import Head
from trainer.characters.ink import Points
from trainer.characters.palette import Palette
from trainer.characters.pen import Pen
from trainer.characters.view import View

_ALONG: Final = np.linspace(0.0, 1.0, 13)
_ARCH: Final = np.sin(np.pi * _ALONG**1.3)  # highest at the outer third


@dataclass(frozen=True, slots=True)
class Brows:
    """`length`, `y`, `thickness` in face units; `slope` raises the outer end, `arch` the
    middle; `furrow`: whether anger draws lines between them."""

    length: float
    y: float
    thickness: float
    slope: float
    arch: float
    blunt: bool
    reach: float
    skew: float
    furrow: bool


def sample_brows(rng: np.random.Generator, head: Head) -> Brows:
    """Draw a design: one thin line 60 %, a filled shape 25 %, heavy 15 % (men more often)."""
    heavy = 0.55 if head.kind == "man" else 0.12
    thin = 0.15 if head.kind == "man" else 0.62
    widths = ((0.012, 0.024), (0.028, 0.045), (0.05, 0.085))
    low, high = pick(rng, widths, (thin, 1 - thin - heavy, heavy))
    return Brows(
        length=clamp(rng.normal(0.60 if head.kind == "man" else 0.45, 0.08), 0.26, 0.72),
        y=head.brow,
        thickness=between(rng, low, high),
        slope=float(rng.normal(0.03, 0.04)),
        arch=clamp(rng.normal(0.055, 0.03), -0.01, 0.13),
        blunt=bool(rng.random() < 0.3),
        reach=float(rng.normal(0.03, 0.03)),
        skew=float(rng.normal(0.0, 0.012)),
        furrow=bool(rng.random() < 0.15),
    )


def shape_brow(brows: Brows, view: View, side: float, p: Mapping[str, float]) -> Points:
    """The spine [13, 2] of one brow in view units, from its inner to its outer end."""
    name = "left" if side < 0 else "right"
    raise_, tilt = p[f"brow_height_{name}"], p[f"brow_tilt_{name}"]
    bend = p[f"brow_bend_{name}"]
    half = brows.length / 2
    y = brows.y - raise_ * (0.15 if raise_ > 0 else 0.11) + side * brows.skew
    inner_y = y + tilt * (0.17 if tilt > 0 else 0.13)
    outer_y = y - brows.slope - tilt * (0.10 if tilt > 0 else 0.07)
    arch = brows.arch * (1 - 0.5 * abs(tilt)) + 0.06 * bend
    inner_x = 0.5 + brows.reach - half - 0.04 * max(tilt, 0.0)
    x = side * (inner_x + brows.length * _ALONG)
    y_line = inner_y + (outer_y - inner_y) * _ALONG - arch * _ARCH
    return view.face(np.array([x, y_line]).T)


def brow_width(brows: Brows, tilt: float) -> float:
    """The thickness of a brow, which anger (a positive tilt) makes heavier."""
    return brows.thickness * (1 + 0.45 * max(tilt, 0.0))


def draw_brow(
    pen: Pen, brows: Brows, spine: Points, palette: Palette, tilt: float, alpha: float = 1.0
) -> None:
    """One brow along its spine: thick inside, tapering outward; anger presses it together."""
    press = max(tilt, 0.0)
    start = (0.08 if brows.blunt else 0.35) * (1 - 0.7 * press)
    width = max(brow_width(brows, tilt), 1.1 * pen.pixel * (1 + 0.45 * press))
    tone = mix(palette.brow, palette.hair.line, 0.6 * press)
    pen.stroke(spine, width, argb(tone, alpha), start, 0.75)


def draw_furrow(
    pen: Pen, brows: Brows, spines: tuple[Points, Points], palette: Palette, tilt: float
) -> None:
    """The short lines that some hands draw between angry brows."""
    depth = (tilt - 0.45) / 0.55
    if not brows.furrow or depth <= 0.05:
        return
    for spine, side in zip(spines, (-1.0, 1.0), strict=True):
        x, y = 0.45 * spine[0, 0] + 0.03 * side, spine[0, 1]
        line = np.array([(x, y - 0.10), (x - 0.02 * side, y - 0.03), (x, y + 0.05)])
        pen.stroke(line, 0.014, argb(palette.skin_line, 0.85 * min(depth * 2, 1.0)), 0.5, 0.5)
