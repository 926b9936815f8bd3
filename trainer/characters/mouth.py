"""Mouths: designs, and drawing one with any opening, width, curve, teeth and tongue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from trainer.characters.chance import between, clamp, pick, sign
from trainer.characters.colour import adjust, argb, mix
from trainer.characters.head import Head
from trainer.characters.ink import Points, curve, ellipse, path
from trainer.characters.palette import Palette
from trainer.characters.pen import Pen
from trainer.characters.style import Style
from trainer.characters.view import View

_T: Final = np.linspace(-1.0, 1.0, 25)
_BOW: Final = 1 - _T * _T
_HUMPS: Final = np.abs(np.sin(_T * np.pi))
_CLOSED: Final = {
    "line": 0.50, "gap": 0.15, "ends": 0.13, "shape": 0.07, "dot": 0.04, "soft": 0.06, "lens": 0.05,
}  # fmt: skip
"""How a shut mouth is drawn, with shares: one line; a line with a gap; dark at its ends; a heavy
line; a dot (a line where the mouth is wide); a pale, reddish line; a line thick in its middle."""


@dataclass(frozen=True, slots=True)
class Mouth:
    """`rest` width in face units; `widest` what mouth_width = 1 adds; `closed` how a shut mouth is
    drawn; `rest_curve` and `rest_skew` what it does at rest; `inside` flat, dark or with lips;
    `under` what marks the lower lip; `lips` are coloured, as strongly as `rouge` says (0 to 1)."""

    y: float
    x: float
    rest: float
    widest: float
    tall: float
    closed: str
    rest_curve: float
    rest_skew: float
    cat: float
    under: str
    lips: bool
    rouge: float
    gloss: bool
    inside: str
    fang_side: float
    line: float
    teeth_style: str


def sample_mouth(rng: np.random.Generator, head: Head, style: Style) -> Mouth:
    """Draw a design for the head."""
    man = head.kind == "man"
    cat = between(rng, 0.5, 1.0) if rng.random() < 0.05 else 0.0
    rest = clamp(
        float(np.exp(rng.normal(np.log(0.15), 0.48))) + (0.1 if man else 0),
        0.16 if cat else 0.055,
        0.44,
    )
    return Mouth(
        y=head.mouth,
        x=float(rng.normal(0.0, 0.012)),
        rest=rest,
        widest=between(rng, 0.34, 0.55),
        tall=clamp(head.chin - head.mouth, 0.22, 0.55) / 0.34 * between(rng, 0.85, 1.1),
        closed=pick(rng, tuple(_CLOSED), tuple(_CLOSED.values())),
        rest_curve=clamp(rng.normal(0.1, 0.22), -0.4, 0.6),
        rest_skew=float(rng.normal(0, 0.08)),
        cat=cat,
        under=pick(
            rng, ("none", "line", "shade"), (0.70, 0.19, 0.11) if man else (0.80, 0.11, 0.09)
        ),
        lips=bool(rng.random() < (0.02 if man else 0.10)),
        rouge=between(rng, 0.5, 0.95),
        gloss=bool(rng.random() < 0.5),
        inside=pick(rng, ("flat", "dark", "rim"), (0.35, 0.45, 0.20)),
        fang_side=sign(rng),
        line=between(rng, 1.0, 1.7),
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
    bend = p["mouth_curve"] + mouth.rest_curve * (1 - min(abs(p["mouth_curve"]) * 1.5, 1.0))
    round_ = p["mouth_round"]
    wide = mouth.rest + (mouth.widest * width if width > 0 else 0.72 * mouth.rest * width)
    wide = wide + opening * (0.12 if width > -0.5 else 0.02) * (1 - 0.5 * round_)
    half = max(wide, 0.04) / 2
    tall = opening * 0.40 * mouth.tall
    bow = _BOW ** (0.5 + 0.5 * (1 - round_) * min(abs(bend) + 0.35, 1.0))
    corner = -bend * (0.035 + 0.11 * half + 0.22 * tall)
    # Upper edge: straight or following the smile; arched in a frown or an o.
    up_middle = -tall * (0.30 + 0.22 * round_) + max(bend, 0) * tall * 0.12
    low_middle = tall * (0.70 - 0.22 * round_) - max(-bend, 0) * tall * 0.30
    if opening < 0.12:
        closed = 1 - opening / 0.12
        lift = -corner * 0.25 * closed
        up_middle += lift
        low_middle += lift
    corner_y = corner * (1 - round_ * 0.9)
    ends = corner_y - (p["mouth_skew"] + mouth.rest_skew * (1 - opening)) * _T * (
        0.05 + 0.06 * half
    )
    flat = _BOW ** (0.32 + 0.2 * round_) if tall > 0 and bend < 0 else bow
    upper = ends + (up_middle - corner_y) * bow
    lower = ends + (low_middle - corner_y) * flat
    wave = p["mouth_wave"]
    if wave:
        ripple = wave * (0.012 + 0.03 * half) * np.sin(_T * 2.5 * np.pi + 0.4)
        upper, lower = upper + ripple, lower + ripple * 0.8
    if mouth.cat:
        cat = mouth.cat * (0.022 + 0.17 * half) * (1 - 0.4 * opening) * (_HUMPS - 0.4)
        upper = upper + cat
        lower = lower + cat * (1 - opening)
    lower = np.maximum(lower, upper)
    lips = np.empty((2 * len(_T), 2))
    lips[: len(_T), 0] = lips[len(_T) :, 0] = mouth.x + half * _T
    lips[: len(_T), 1], lips[len(_T) :, 1] = mouth.y + upper, mouth.y + lower
    seen = view.raised(lips, 0.02)
    return MouthShape(seen[: len(_T)], seen[len(_T) :], tall, half)


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
        _draw_lips(pen, mouth, shape, palette)
    gape = shape.lower[:, 1] - shape.upper[:, 1]
    opened = min(shape.opening / 0.03, 1.0)
    if opened > 0.02:
        _draw_inside(pen, mouth, shape, palette, p, opened)
    tone = argb(line)
    if opened < 0.5:
        if mouth.closed == "soft":
            tone = argb(mix(palette.skin_line, palette.lip, 0.6), 0.9)
        _draw_closed(pen, mouth, shape, tone, width)
    else:
        pen.stroke(shape.upper, width * 1.15, tone, 0.12, 0.12)
        pen.stroke(shape.lower, width * 0.8, argb(line, 0.85), 0.25, 0.25)
    if mouth.under != "none" and gape.max() < 0.3:
        _draw_under(pen, mouth, shape, palette, style)


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
    elif mouth.closed == "dot" and shape.half_width < 0.09:
        x, y = points[12]
        pen.fill(ellipse(x, y, 0.6 * shape.half_width, 0.55 * width, 12), tone)
    elif mouth.closed == "lens":
        middle = points[:, 1] + 0.9 * width * _BOW
        pen.fill(np.concatenate([points, np.stack([points[:, 0], middle], 1)[::-1]]), tone)
        pen.stroke(points, 0.7 * width, tone, 0.4, 0.4)
    elif mouth.closed == "shape":
        pen.stroke(points, width * 1.9, tone, 0.5, 0.5)
    else:
        pen.stroke(points, width, tone, 0.3, 0.3)


def _draw_under(pen: Pen, mouth: Mouth, shape: MouthShape, palette: Palette, style: Style) -> None:
    """The mark of the lower lip: a short line, or the shade below it."""
    if mouth.under == "line":
        at = shape.lower[9:16] + (0.0, 0.045)
        pen.stroke(at, 0.8 * style.line_width, argb(palette.skin_line, 0.55), 0.5, 0.5)
        return
    x, y = shape.lower[12]
    half = min(0.55 * shape.half_width, 0.07)
    edge = [
        (x - half, y + 0.035),
        (x, y + 0.030),
        (x + half, y + 0.035),
        (x, y + 0.035 + 0.6 * half),
    ]
    pen.fill(curve(edge, 4, closed=True), argb(palette.skin_shadow, 0.85))


def _draw_lips(pen: Pen, mouth: Mouth, shape: MouthShape, palette: Palette) -> None:
    thick = 0.045 + 0.05 * shape.half_width
    top = (
        shape.upper
        - (0.0, 1.0) * (thick * 0.8 * (_BOW * (1 - 0.25 * np.exp(-30 * _T**2))))[:, None]
    )
    bottom = shape.lower + (0.0, 1.0) * (thick * 1.1 * _BOW**0.8)[:, None]
    pen.fill(np.concatenate([top, bottom[::-1]]), argb(palette.lip, mouth.rouge))
    if mouth.gloss:
        shine = 0.5 * (bottom + shape.lower)[10:15]
        pen.stroke(shine, 0.3 * thick, argb((1.0, 1.0, 1.0), 0.6), 0.5, 0.5)


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
