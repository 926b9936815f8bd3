"""Mouths: designs, and drawing one with any opening, width, curve, teeth and tongue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from trainer.characters.chance import clamp, pick, sign
from trainer.characters.colour import adjust, argb, mix
from trainer.characters.head import Head
from trainer.characters.ink import Points, path
from trainer.characters.palette import Palette
from trainer.characters.pen import Pen
from trainer.characters.style import Style
from trainer.characters.view import View

_T: Final = np.linspace(-1.0, 1.0, 25)
_BOW: Final = 1 - _T * _T


@dataclass(frozen=True, slots=True)
class Mouth:
    """`rest` width in face units; `widest` what mouth_width = 1 adds; `closed` how a shut mouth is
    drawn; `rest_curve` and `rest_skew` what it does at rest; `inside` flat, dark or with lips."""

    y: float
    x: float
    rest: float
    widest: float
    tall: float
    closed: str
    rest_curve: float
    rest_skew: float
    cat: float
    lip_mark: bool
    lips: bool
    inside: str
    fang_side: float
    line: float
    teeth_style: str


def sample_mouth(rng: np.random.Generator, head: Head, style: Style) -> Mouth:
    """Draw a design for the head."""
    man = head.kind == "man"
    rest = clamp(rng.gamma(9.0, 0.0185) + (0.12 if man else 0), 0.07, 0.42)
    return Mouth(
        y=head.mouth,
        x=float(rng.normal(0.0, 0.012)),
        rest=rest,
        widest=float(rng.uniform(0.34, 0.55)),
        tall=clamp(head.chin - head.mouth, 0.22, 0.55) / 0.34 * float(rng.uniform(0.85, 1.1)),
        closed=pick(rng, ("line", "gap", "ends", "shape"), (0.60, 0.17, 0.15, 0.08)),
        rest_curve=clamp(rng.normal(0.1, 0.22), -0.4, 0.6),
        rest_skew=float(rng.normal(0, 0.08)),
        cat=pick(rng, (0.0, float(rng.uniform(0.4, 1.0))), (0.95, 0.05)),
        lip_mark=bool(rng.random() < 0.12),
        lips=bool(rng.random() < (0.02 if man else 0.10)),
        inside=pick(rng, ("flat", "dark", "rim"), (0.35, 0.45, 0.20)),
        fang_side=sign(rng),
        line=float(rng.uniform(1.0, 1.7)),
        teeth_style=pick(rng, ("strip", "thin", "rounded")),
    )


@dataclass(frozen=True, slots=True)
class MouthShape:
    """One mouth in view units: the upper and lower lip lines and how far it is open."""

    upper: Points
    lower: Points
    opening: float
    half_width: float


def shape_mouth(mouth: Mouth, view: View, p: Mapping[str, float]) -> MouthShape:
    """The lip lines under one expression. An opening grows up and down from the rest line."""
    opening = p["mouth_open"]
    width = p["mouth_width"]
    curve = p["mouth_curve"] + mouth.rest_curve * (1 - min(abs(p["mouth_curve"]) * 1.5, 1.0))
    round_ = p["mouth_round"]
    wide = mouth.rest + (mouth.widest * width if width > 0 else 0.72 * mouth.rest * width)
    wide = wide + opening * (0.12 if width > -0.5 else 0.02) * (1 - 0.5 * round_)
    half = max(wide, 0.04) / 2
    tall = opening * 0.40 * mouth.tall
    bow = _BOW ** (0.5 + 0.5 * (1 - round_) * min(abs(curve) + 0.35, 1.0))
    corner = -curve * (0.035 + 0.11 * half + 0.22 * tall)
    # Upper edge: straight or following the smile; arched in a frown or an o.
    up_middle = -tall * (0.30 + 0.22 * round_) + max(curve, 0) * tall * 0.12
    low_middle = tall * (0.70 - 0.22 * round_) - max(-curve, 0) * tall * 0.30
    if opening < 0.12:
        closed = 1 - opening / 0.12
        lift = -corner * 0.25 * closed
        up_middle += lift
        low_middle += lift
    corner_y = corner * (1 - round_ * 0.9)
    ends = corner_y - (p["mouth_skew"] + mouth.rest_skew * (1 - opening)) * _T * (
        0.05 + 0.06 * half
    )
    flat = _BOW ** (0.32 + 0.2 * round_) if tall > 0 and curve < 0 else bow
    upper = ends + (up_middle - corner_y) * bow
    lower = ends + (low_middle - corner_y) * flat
    wave = p["mouth_wave"]
    if wave:
        ripple = wave * (0.012 + 0.03 * half) * np.sin(_T * 2.5 * np.pi + 0.4)
        upper, lower = upper + ripple, lower + ripple * 0.8
    if mouth.cat:
        cat = mouth.cat * 0.03 * (np.abs(np.sin(_T * np.pi)) - 0.5) * (0.4 + half * 2)
        upper = upper + cat
        lower = lower + cat * (1 - opening)
    lower = np.maximum(lower, upper)
    x = mouth.x + half * _T
    place = np.stack([x, mouth.y + upper], 1), np.stack([x, mouth.y + lower], 1)
    return MouthShape(view.raised(place[0], 0.02), view.raised(place[1], 0.02), tall, half)


def draw_mouth(
    pen: Pen,
    mouth: Mouth,
    shape: MouthShape,
    palette: Palette,
    style: Style,
    p: Mapping[str, float],
) -> None:
    """The mouth: its inside with teeth and tongue, then its lines."""
    line = mix(palette.skin_line, adjust(palette.mouth, value=0.45), 0.45)
    width = max(style.line_width * mouth.line, 0.010)
    if mouth.lips:
        _draw_lips(pen, shape, palette)
    gape = shape.lower[:, 1] - shape.upper[:, 1]
    opened = min(shape.opening / 0.03, 1.0)
    if opened > 0.02:
        _draw_inside(pen, mouth, shape, palette, p, opened)
    tone = argb(line)
    if opened < 0.5:
        _draw_closed(pen, mouth, shape, tone, width)
    else:
        pen.stroke(shape.upper, width * 1.15, tone, 0.12, 0.12)
        pen.stroke(shape.lower, width * 0.8, argb(line, 0.85), 0.25, 0.25)
    if mouth.lip_mark and gape.max() < 0.3:
        at = shape.lower[9:16] + (0.0, 0.045)
        pen.stroke(at, 0.8 * style.line_width, argb(palette.skin_line, 0.55), 0.5, 0.5)


def _draw_closed(pen: Pen, mouth: Mouth, shape: MouthShape, tone: int, width: float) -> None:
    points = shape.upper
    if mouth.closed == "gap" and shape.half_width > 0.05:
        pen.stroke(points[:11], width, tone, 0.15, 0.6)
        pen.stroke(points[15:], width, tone, 0.6, 0.15)
    elif mouth.closed == "ends" and shape.half_width > 0.09:
        faint = tone & 0xFFFFFF | 0x70 << 24
        pen.stroke(points, width * 0.6, faint, 0.3, 0.3)
        pen.stroke(points[:7], width * 1.2, tone, 0.15, 0.8)
        pen.stroke(points[18:], width * 1.2, tone, 0.8, 0.15)
    elif mouth.closed == "shape":
        pen.stroke(points, width * 1.9, tone, 0.5, 0.5)
    else:
        pen.stroke(points, width, tone, 0.3, 0.3)


def _draw_lips(pen: Pen, shape: MouthShape, palette: Palette) -> None:
    thick = 0.045 + 0.05 * shape.half_width
    top = (
        shape.upper
        - (0.0, 1.0) * (thick * 0.8 * (_BOW * (1 - 0.25 * np.exp(-30 * _T**2))))[:, None]
    )
    bottom = shape.lower + (0.0, 1.0) * (thick * 1.1 * _BOW**0.8)[:, None]
    pen.fill(np.concatenate([top, bottom[::-1]]), argb(palette.lip, 0.75))


def _draw_inside(
    pen: Pen,
    mouth: Mouth,
    shape: MouthShape,
    palette: Palette,
    p: Mapping[str, float],
    opened: float,
) -> None:
    outline = np.concatenate([shape.upper, shape.lower[::-1]])
    inside = path(outline)
    colour = palette.mouth if mouth.inside == "dark" else mix(palette.mouth, palette.tongue, 0.45)
    pen.fill(inside, argb(colour, opened))
    if shape.opening < 1.5 * pen.pixel:
        return
    top, bottom = outline[:, 1].min(), outline[:, 1].max()
    left, right = outline[0, 0], shape.upper[-1, 0]
    middle, tall, wide = (left + right) / 2, bottom - top, right - left
    with pen.clipped(inside):
        if mouth.inside == "rim":
            pen.fill(
                np.concatenate([shape.upper, (shape.upper + (0, 0.35 * tall))[::-1]]),
                argb(adjust(palette.mouth, value=0.7), opened),
            )
        if p["tongue"] > 0.02:
            rise = 0.62 * p["tongue"] * tall
            t = _T * np.pi / 2
            tongue = np.stack(
                [middle + 0.36 * wide * np.sin(t), bottom - rise * np.cos(t) ** 0.7], 1
            )
            pen.fill(
                np.concatenate([tongue, [[right, bottom + 0.05], [left, bottom + 0.05]]]),
                argb(palette.tongue, min(p["tongue"] * 3, 1.0)),
            )
        teeth = p["teeth"]
        if teeth > 0.05:
            white = argb((0.99, 0.98, 0.97), min(teeth * 4, 1.0))
            deep = tall * (0.30 * min(teeth * 2, 1.0) + 1.5 * max(teeth - 0.5, 0.0))
            if mouth.teeth_style == "thin":
                deep *= 0.8
            edge = shape.upper + (0.0, 1.0) * (deep * (1 - (0.3 * _T * _T)))[:, None]
            pen.fill(np.concatenate([shape.upper, edge[::-1]]), white)
            if teeth > 0.75:
                mid = (shape.upper + shape.lower) / 2
                pen.stroke(mid, 0.012, argb(palette.skin_line, (teeth - 0.75) * 4), 0.1, 0.1)
        if p["fang"] > 0.05:
            at = 12 + int(6 * mouth.fang_side)
            root = shape.upper[at]
            size = (0.035 + 0.10 * min(tall, 0.3)) * p["fang"]
            pen.fill(
                np.array(
                    [root - (size * 0.6, 0.01), root + (size * 0.6, -0.01), root + (0, size * 1.5)]
                ),
                argb((1, 1, 1)),
            )
