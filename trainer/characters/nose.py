"""Noses: a mark of at most a tenth of the eyes' distance, or nothing; men may have a drawn one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from trainer.characters.chance import between, pick
from trainer.characters.colour import Colour, argb, mix
from trainer.characters.head import Head
from trainer.characters.ink import curve, ellipse, radial
from trainer.characters.palette import Palette
from trainer.characters.pen import Pen
from trainer.characters.style import Style
from trainer.characters.view import View

NOSES: Final = {
    "none": (0.26, 0.04),
    "dot": (0.16, 0.05),
    "dash": (0.05, 0.03),
    "line": (0.12, 0.20),
    "corner": (0.07, 0.16),
    "under": (0.06, 0.06),
    "nostrils": (0.04, 0.08),
    "triangle": (0.06, 0.08),
    "soft": (0.07, 0.05),
    "light": (0.05, 0.01),
    "bridge": (0.03, 0.07),
    "drawn": (0.03, 0.17),
}
"""How noses are drawn, and the share of each among women and men."""


@dataclass(frozen=True, slots=True)
class Nose:
    """`kind` is of NOSES, `size` in face units; `red` (0 to 1) tints the mark, `lit` adds a point
    of light on the tip, `weight` scales the line, `lean` is the side a frontal nose is drawn on."""

    kind: str
    size: float
    red: float
    lit: bool
    weight: float
    lean: float


def sample_nose(rng: np.random.Generator, head: Head) -> Nose:
    """Draw a nose with the shares of real faces (ANATOMY: lines 33 %, dots 28 %, none 24 %)."""
    man = head.kind == "man"
    return Nose(
        kind=pick(rng, tuple(NOSES), tuple(shares[man] for shares in NOSES.values())),
        size=between(rng, 0.025, 0.082) * (1.25 if man else 1.0),
        red=between(rng, 0.3, 1.0) if rng.random() < 0.25 else 0.0,
        lit=bool(rng.random() < 0.12),
        weight=between(rng, 0.7, 1.5),
        lean=pick(rng, (-1.0, 1.0, 0.0), (0.25, 0.25, 0.5)),
    )


def nose_place(head: Head, view: View) -> tuple[float, float]:
    """The nose mark in view units."""
    return view.spot(0.0, head.nose, 0.30)


def draw_nose(pen: Pen, nose: Nose, head: Head, view: View, palette: Palette, style: Style) -> None:
    """The nose as it is seen from the view's side: marks point to where the face looks."""
    (x, y), s = nose_place(head, view), nose.size
    turn = float(np.sign(view.yaw)) if abs(view.yaw) > 0.15 else nose.lean or -style.light
    colour = mix(palette.skin_line, mix(palette.skin, (0.85, 0.3, 0.25), 0.65), nose.red)
    tone, width = argb(colour, 0.9), nose.weight * max(0.9 * style.line_width, 0.008)

    def line(
        points: list[tuple[float, float]], start: float, end: float, wide: float = 1.0
    ) -> None:
        placed = [(x + a * s * turn, y + b * s) for a, b in points]
        pen.stroke(curve(placed, 4), wide * width, tone, start, end)

    match nose.kind:
        case "dot":
            pen.fill(ellipse(x, y, 0.20 * s, 0.15 * s, 10), tone)
        case "dash":
            line([(-0.25, 0.0), (0.0, 0.06), (0.25, 0.0)], 0.4, 0.4, 1.2)
        case "line":
            line([(-0.1, -1.0), (0.45, 0.0), (-0.25, 0.3)], 0.6, 0.3)
        case "corner":
            line([(0.05, -0.8), (0.5, 0.0)], 0.9, 0.0)
            line([(0.5, 0.0), (-0.3, 0.12)], 0.0, 0.7)
        case "under":
            line([(-0.7, -0.12), (-0.2, 0.12), (0.25, 0.12), (0.6, -0.1)], 0.6, 0.6, 1.1)
        case "nostrils":
            for side in (-1.0, 1.0):
                near = 0.42 if side == turn and abs(view.yaw) > 0.3 else 0.62
                spot = ellipse(x + side * near * s, y + 0.1 * s, 0.20 * s, 0.10 * s, 10)
                pen.fill(spot, argb(colour, 0.75))
        case "triangle":
            sides = [(-0.5 * turn, 0.0), (0.1, -1.4), (0.6 * turn, 0.2)]
            patch = np.array([(x + a * s, y + b * s) for a, b in sides])
            pen.fill(patch, argb(palette.skin_shadow))
        case "soft":
            _soft(pen, x + 0.3 * s * turn, y - 0.3 * s, 1.3 * s, palette.skin_shadow)
        case "light":
            pen.fill(ellipse(x, y - 0.5 * s, 0.25 * s, 0.6 * s, 12), argb((1, 1, 1), 0.7))
        case "bridge":
            _bridge(pen, x, y, turn, 0.8 * width, argb(colour, 0.6))
        case "drawn":
            _bridge(pen, x, y, turn, 0.8 * width, argb(colour, 0.6))
            base = curve([(x - 0.08, y + 0.01), (x, y + 0.045), (x + 0.08, y + 0.01)], 4)
            pen.stroke(base, width, tone, 0.4, 0.4)
    if nose.lit and nose.kind not in ("none", "light"):
        tip = ellipse(x - 0.15 * s * turn, y - 0.75 * s, 0.16 * s, 0.22 * s, 10)
        pen.fill(tip, argb((1.0, 1.0, 1.0), 0.75))


def _bridge(pen: Pen, x: float, y: float, turn: float, width: float, tone: int) -> None:
    """A line from between the brows down the side of the nose to its tip."""
    line = [
        (0.55 * x - 0.02 * turn, 0.25 * y), (0.85 * x + 0.03 * turn, 0.65 * y), (x + 0.06 * turn, y)
    ]  # fmt: skip
    pen.stroke(curve(line, 5), width, tone, 0.8, 0.2)


def _soft(pen: Pen, x: float, y: float, radius: float, colour: Colour) -> None:
    """A patch of shade without an edge."""
    with pen.moved(x, y, flat=0.75):
        tones = (argb(colour, 0.7), argb(colour, 0.4), argb(colour, 0.0))
        pen.fill(ellipse(0, 0, radius, radius), 0xFF000000, radial(0, 0, radius, tones))
