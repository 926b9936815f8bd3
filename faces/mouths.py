"""Open mouths, drawn: an outline, the dark inside, tongue and teeth.

A network paints a mouth at the fineness of its crop: flat, without a line, in a red of its own. Its
shape, though, follows from the expression alone, as in any hand; sizes are in eye distances, after
the census of drawn faces (section 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from faces.canvas import Canvas, Floats, Pixels
from faces.change import Rectangle
from faces.frame import Frame, Points
from faces.ink import AS_SEEN, Light, Mark, Stroke, lay

_T: Final = np.linspace(-1.0, 1.0, 33)
_BOW: Final = 1 - _T * _T

_REST: Final = 0.17
_WIDER: Final = 0.38
_TALL: Final = 0.46
"""A mouth's width at rest, what the widest adds to it, and the height of the widest open."""

_INSIDE: Final = (150, 66, 72)
_TONGUE: Final = (228, 132, 130)
_TEETH: Final = (252, 250, 247)

_LINE: Final = np.array((0.42, 0.26, 0.27), np.float32)
"""The line's colour, as shares of the skin's."""

_CLOSED: Final = 0.06
"""Lips that are nowhere further apart are a line."""


def draw(
    pixels: Pixels,
    canvas: Canvas,
    frame: Frame,
    middle: Points,
    skin: Floats,
    wanted: Mapping[str, float],
    share: float = 1.0,
) -> Rectangle:
    """Draw a mouth around `middle` [2], in units of the face, on `skin` [3] (sRGB, 0 to 1).

    `wanted` are the scaled parameters of `contract.expression` that are set, those of the mouth
    that are not are at rest. It is drawn with that `share`. Returns the rectangle outside which no
    pixel was written, `faces.change.NOTHING` when there is none.
    """
    upper, lower = _lips(wanted)
    upper, lower = upper + middle, lower + middle
    light = Light.of(pixels, canvas, frame)
    strokes = []
    tall = float((lower - upper)[:, 1].max())
    if tall > _CLOSED:
        strokes.append(_between(upper, lower, _seen(light, _INSIDE), share))
        strokes += _inside(upper, lower, tall, wanted, light, share)
    red, green, blue = np.rint(255 * skin * _LINE).astype(int).tolist()
    line = (red, green, blue)
    strokes.append(Stroke(upper, line, 0.95 * share, 0.019))
    if tall > _CLOSED:
        strokes.append(Stroke(lower, line, 0.85 * share, 0.013))
    return lay(pixels, canvas, frame, AS_SEEN, Mark(strokes, on_skin=False))


def _lips(wanted: Mapping[str, float]) -> tuple[Points, Points]:
    """The lips' lines, upper and lower, from left to right [N, 2]. An opening grows up and down
    from where the shut mouth lies."""
    opening, width = wanted.get("mouth_open", 0.0), wanted.get("mouth_width", 0.0)
    bend, rounded = wanted.get("mouth_curve", 0.0), wanted.get("mouth_round", 0.0)
    wide = _REST + (_WIDER * width if width > 0 else 0.72 * _REST * width)
    wide += opening * (0.12 if width > -0.5 else 0.02) * (1 - 0.5 * rounded)
    half, tall = wide / 2, opening * _TALL
    bow = _BOW ** (0.5 + 0.5 * (1 - rounded) * min(abs(bend) + 0.35, 1.0))
    corner = -bend * (0.035 + 0.11 * half + 0.22 * tall) * (1 - 0.9 * rounded)
    top = -tall * (0.30 + 0.22 * rounded) + max(bend, 0.0) * tall * 0.12
    bottom = tall * (0.70 - 0.22 * rounded) - max(-bend, 0.0) * tall * 0.30
    flat = _BOW ** (0.32 + 0.2 * rounded) if bend < 0 else bow
    ends = corner - wanted.get("mouth_skew", 0.0) * _T * (0.05 + 0.06 * half)
    ripple = wanted.get("mouth_wave", 0.0) * (0.012 + 0.03 * half) * np.sin(2.5 * np.pi * _T + 0.4)
    upper = ends + (top - corner) * bow + ripple
    lower = np.maximum(ends + (bottom - corner) * flat + 0.8 * ripple, upper)
    return np.stack([half * _T, upper], 1), np.stack([half * _T, lower], 1)


def _inside(
    upper: Points,
    lower: Points,
    tall: float,
    wanted: Mapping[str, float],
    light: Light,
    share: float,
) -> list[Stroke]:
    """Tongue and teeth, where they are wanted."""
    found = []
    tongue, teeth = wanted.get("tongue", 0.0), wanted.get("teeth", 0.0)
    if tongue > 0.02:
        deepest = lower[:, 1].max()
        rise = 0.62 * tongue * tall * np.sqrt(np.clip(1 - (_T / 0.78) ** 2, 0, 1))
        edge = np.clip(deepest - rise, upper[:, 1], lower[:, 1])
        back = np.stack([upper[:, 0], edge], 1)
        found.append(_between(back, lower, _seen(light, _TONGUE), share))
    if teeth > 0.05:
        deep = tall * (0.30 * min(2 * teeth, 1.0) + 1.5 * max(teeth - 0.5, 0.0))
        edge = np.minimum(upper[:, 1] + deep * (1 - 0.3 * _T**2), lower[:, 1])
        front = np.stack([upper[:, 0], edge], 1)
        found.append(_between(upper, front, _seen(light, _TEETH), share))
    return found


def _between(upper: Points, lower: Points, colour: tuple[int, int, int], share: float) -> Stroke:
    return Stroke(np.concatenate([upper, lower[::-1]]), colour, share)


def _seen(light: Light, colour: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = np.rint(255 * light.on(colour)).astype(int).tolist()
    return red, green, blue
