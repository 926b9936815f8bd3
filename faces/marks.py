"""Marks of feeling, drawn over a face: tears, blush, sweat and the vein of comic anger.

Every hand draws them much alike, and they are small: what a network paints of them in a crop is a
smudge once enlarged. Here they are shapes. Blush and tears lie on skin and under hair; sweat and
vein lie over everything, as in print. Sizes are in eye distances, after a census of drawn faces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from faces.canvas import Canvas, Pixels
from faces.change import NOTHING, Rectangle, joined
from faces.frame import Frame, Points
from faces.ink import Light, Mark, Stroke, lay

_LEAST: Final = 0.03
"""Less of a mark than this is not drawn."""

_WATER: Final = (212, 236, 255)
_WATER_EDGE: Final = (110, 160, 214)
_SHINE: Final = (255, 255, 255)
_BLUSH: Final = (250, 120, 116)
_HATCH: Final = (226, 84, 88)
_VEIN: Final = (205, 30, 38)


def draw(pixels: Pixels, canvas: Canvas, frame: Frame, amounts: Mapping[str, float]) -> Rectangle:
    """Draw marks into `pixels` [H, W, C], the canvas's own or a copy; say where.

    `frame` has the face's landmarks; `amounts`, 0 to 1, are those of `blush`, `tears`, `sweat` and
    `vein`, others are none. Alpha stays. Returns the rectangle outside which no pixel was written,
    NOTHING when there is none.
    """
    wanted = {name: min(amounts.get(name, 0.0), 1.0) for name in _MAKERS}
    if max(wanted.values()) < _LEAST:
        return NOTHING
    light = Light.of(pixels, canvas, frame)
    written = NOTHING
    for name, make in _MAKERS.items():
        if wanted[name] >= _LEAST:
            for mark in make(frame, wanted[name]):
                written = joined(written, lay(pixels, canvas, frame, light, mark))
    return written


def _blush(frame: Frame, amount: float) -> Iterator[Mark]:
    """Soft ovals below the outer halves of the eyes; strong blush is hatched."""
    for side, outwards in (("left", -1.0), ("right", 1.0)):
        wide = _eye_width(frame, side) / 0.62
        x, y = frame.points[f"{side}_eye"] + (0.06 * outwards * wide, 0.36)
        oval = Stroke(_ellipse(x, y, 0.21 * wide, 0.10), _BLUSH, 0.5 * amount)
        yield Mark([oval], on_skin=True, soft=0.06)
        if amount > 0.65:
            yield Mark(list(_hatching(x, y, wide, amount)), on_skin=True)


def _hatching(x: float, y: float, wide: float, amount: float) -> Iterator[Stroke]:
    """Five slanting lines around (x, y), those at the sides shorter."""
    for step in np.linspace(-1, 1, 5):
        middle = np.array((x + 0.13 * wide * step, y))
        reach = np.array((0.022, -0.055)) * (1.2 - 0.4 * abs(step))
        line = np.stack([middle - reach, middle + reach])
        yield Stroke(line, _HATCH, min(1.6 * (amount - 0.6), 0.6), 0.012)


def _tears(frame: Frame, amount: float) -> Iterator[Mark]:
    """Wet lids first, then beads at the outer lower lid, then streams down the cheeks."""
    wet = min(amount / 0.3, 1.0)
    bead = min(max((amount - 0.3) / 0.3, 0.0), 1.0)
    stream = min(max((amount - 0.6) / 0.4, 0.0), 1.0)
    for side, outwards in (("left", -1.0), ("right", 1.0)):
        strokes: list[Stroke] = []
        lid = _lower_lid(frame, side)
        if stream > 0:
            strokes += _stream(lid[7], 0.05 * outwards, 0.78 * frame.points["chin"][1], stream)
        band = lid[3:18] + (0, 0.006)
        strokes.append(Stroke(band, _WATER, 0.9 * wet, 0.045))
        strokes.append(Stroke(band + (0, 0.017), _WATER_EDGE, 0.6 * wet, 0.009))
        if bead > 0:
            x, y = lid[3] + (0.01 * outwards, 0.025)
            strokes += _drop(x, y, 0.09 * bead, 0.10 * bead, 0.010)
        yield Mark(strokes, on_skin=True)


def _stream(start: Points, bow: float, end: float, share: float) -> Iterator[Stroke]:
    """A tear that runs from `start` towards the height `end`, `share` of its way."""
    t = np.linspace(0, 1, 16)
    reach = max(end - start[1], 0.1) * share
    spine = start + np.stack([bow * np.sin(2.2 * t), reach * t], 1)
    half = 0.5 * np.interp(t, (0, 0.75, 0.93, 1), (0.055, 0.09, 0.085, 0.025))
    body = np.concatenate([spine - np.stack([half, 0 * t], 1),
                           (spine + np.stack([half, 0 * t], 1))[::-1]])  # fmt: skip
    yield Stroke(body, _WATER, 0.8)
    yield Stroke(np.concatenate([body, body[:1]]), _WATER_EDGE, 0.75, 0.009)
    yield Stroke(spine[2:-3] - (0.014, 0), _SHINE, 0.95, 0.013)


def _sweat(frame: Frame, amount: float) -> Iterator[Mark]:
    """One drop at the temple to the right."""
    x, y = frame.points["right_eye_outer"] + (0.14, -0.16)
    wide, tall = 0.13 * (0.5 + 0.5 * amount), 0.23 * (0.4 + 0.6 * amount)
    yield Mark(list(_drop(x, y, wide, tall, 0.013)), on_skin=False)


def _vein(frame: Frame, amount: float) -> Iterator[Mark]:
    """Four bent strokes above the left brow."""
    size = 0.15 * (0.5 + 0.5 * amount)
    middle = frame.points["left_eye"] + (-0.08, -0.62)
    strokes = []
    for quarter in range(4):
        c, s = np.cos(quarter * np.pi / 2), np.sin(quarter * np.pi / 2)
        bend = _bezier((0.20, 1.0), (0.22, 0.22), (1.0, 0.20)) * size
        strokes.append(
            Stroke(bend @ np.array([[c, s], [-s, c]]) + middle, _VEIN, min(2 * amount, 1), 0.045)
        )
    yield Mark(strokes, on_skin=False)


def _drop(x: float, y: float, wide: float, tall: float, line: float) -> Iterator[Stroke]:
    """A drop whose point is at the top; (x, y) is its middle."""
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    across = 0.5 * wide * np.sin(t) * np.sin(t / 2) ** 1.4
    outline = np.stack([x + across * 1.15, y - 0.5 * tall * np.cos(t)], 1)
    yield Stroke(outline, _WATER, 0.95)
    yield Stroke(np.concatenate([outline, outline[:1]]), _WATER_EDGE, 0.9, line)
    yield Stroke(_ellipse(x - 0.13 * wide, y + 0.14 * tall, 0.1 * wide, 0.13 * tall), _SHINE, 1.0)


def _lower_lid(frame: Frame, side: str) -> Points:
    """Twenty-one points of the lower lid, from the outer corner to the inner."""
    outer, inner, low = (frame.points[f"{side}_eye_{n}"] for n in ("outer", "inner", "bottom"))
    return _bezier(outer, 2 * low - (outer + inner) / 2, inner)


def _eye_width(frame: Frame, side: str) -> float:
    across = frame.points[f"{side}_eye_outer"] - frame.points[f"{side}_eye_inner"]
    return min(max(float(np.hypot(*across)), 0.25), 0.75)


def _bezier(a: Sequence[float] | Points, b: Sequence[float] | Points,
            c: Sequence[float] | Points) -> Points:  # fmt: skip
    """Twenty-one points of the quadratic curve from `a` to `c` that `b` pulls."""
    t = np.linspace(0, 1, 21)[:, None]
    curve = (1 - t) ** 2 * np.array(a) + 2 * t * (1 - t) * np.array(b) + t**2 * np.array(c)
    return np.asarray(curve, np.float64)


def _ellipse(x: float, y: float, wide: float, tall: float) -> Points:
    t = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    return np.stack([x + wide * np.cos(t), y + tall * np.sin(t)], 1)


_MAKERS: Final = {"blush": _blush, "tears": _tears, "sweat": _sweat, "vein": _vein}
"""What is drawn, in the order in which it is drawn."""
