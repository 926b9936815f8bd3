"""A shut mouth that has got lost is drawn again, as a line.

To shut an open mouth a network paints skin over it; the thin line that is left of the mouth, it
often paints so faintly that none is to be seen. Every hand draws that line alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from faces.canvas import Canvas, Floats, Pixels, srgb_of
from faces.change import NOTHING, Rectangle
from faces.frame import Frame, Points
from faces.ink import AS_SEEN, GREY, Light, Mark, Stroke, lay

_SHUT: Final = 0.06
"""A mouth that is asked to open less than this is shut."""

_WAVY: Final = 0.3
"""From this much of `mouth_wave` on, the mouth is no such line."""

_VISIBLE: Final = 0.12
"""A line is to be seen where it is darker than skin by this share of the range."""

_WIDEST: Final = 0.9
_NARROWEST: Final = 0.08
"""Between these, in eye distances, a mouth's width is taken as it was found."""

_LEVEL: Final = 0.7
"""The cosine of the turn, against the eyes, up to which a mouth is taken as it was found."""

_REST: Final = 0.18
"""Width of a shut mouth at rest, in eye distances, after the census of drawn faces."""

_INK: Final = np.array((0.46, 0.30, 0.31), np.float32)
"""The line's colour, as shares of the skin's."""


def mend(
    pixels: Pixels,
    canvas: Canvas,
    frame: Frame,
    wanted: Mapping[str, float],
    share: float = 1.0,
) -> Rectangle:
    """Draw the line of a mouth that is to be shut and is not to be seen; say where.

    `frame` has the landmarks after the change; `wanted` are the scaled parameters of
    `contract.expression` that are set; the line is drawn with that `share`. Returns the rectangle
    outside which no pixel was written, NOTHING when there is none.
    """
    if not is_shut(wanted):
        return NOTHING
    line = _line(frame, wanted.get("mouth_curve", 0.0))
    if line is None:
        return NOTHING
    light = Light.of(pixels, canvas, frame)
    if _seen(pixels, canvas, frame, light, line):
        return NOTHING
    return _drawn(pixels, canvas, frame, line, light.skin, share)


def draw(
    pixels: Pixels,
    canvas: Canvas,
    frame: Frame,
    middle: Points,
    skin: Floats,
    wanted: Mapping[str, float],
    share: float = 1.0,
) -> Rectangle:
    """Draw a shut mouth around `middle` [2], in units of the face, on `skin` [3] (sRGB, 0 to 1).

    `wanted` are the scaled parameters of `contract.expression` that are set: its width and curve
    are as they say, and otherwise at rest. Returns what `mend` does.
    """
    width = _REST * (1 + max(-0.6, 1.8 * wanted.get("mouth_width", 0.0)))
    line = _bowed(middle, np.array((1.0, 0.0)), width, wanted.get("mouth_curve", 0.0))
    return _drawn(pixels, canvas, frame, line, skin, share)


def _drawn(
    pixels: Pixels, canvas: Canvas, frame: Frame, line: Points, skin: Floats, share: float
) -> Rectangle:
    red, green, blue = np.rint(255 * skin * _INK).astype(int).tolist()
    stroke = Stroke(line, (red, green, blue), 0.85 * share, 0.016)
    return lay(pixels, canvas, frame, AS_SEEN, Mark([stroke], on_skin=False))


def is_shut(wanted: Mapping[str, float]) -> bool:
    """Whether `wanted`, scaled parameters that are set, shut the mouth to a plain line."""
    return wanted.get("mouth_open", 1.0) <= _SHUT and wanted.get("mouth_wave", 0.0) <= _WAVY


def _line(frame: Frame, curve: float) -> Points | None:
    """The lips' line from corner to corner, [N, 2]; None where the corners are no mouth's."""
    left, right = frame.points["mouth_left"], frame.points["mouth_right"]
    width = float(np.hypot(*(right - left)))
    if not _NARROWEST <= width <= _WIDEST:
        return None
    middle, along = (left + right) / 2, (right - left) / width
    if along[0] < _LEVEL:
        return None
    return _bowed(middle, along, max(width, 0.2), curve)


def _bowed(middle: Points, along: Points, width: float, curve: float) -> Points:
    """A line [N, 2] of that width around `middle`, its ends lower by a negative `curve`."""
    t = np.linspace(-1, 1, 17)[:, None]
    down = np.array((-along[1], along[0]))
    bow = 0.14 * width * curve * (1 - t**2) - 0.06 * width * curve
    return np.asarray(middle + 0.5 * width * t * along + bow * down)


def _seen(pixels: Pixels, canvas: Canvas, frame: Frame, light: Light, line: Points) -> bool:
    """Whether anything near the line is darker than the skin along most of it."""
    steps = np.linspace(-0.07, 0.07, 15)
    darkest: list[float] = []
    skin = float(light.skin @ GREY)
    for x, y in line[2:-2]:
        column = frame.picture(np.stack([np.full_like(steps, x), y + steps], 1))
        levels = _levels(pixels, canvas, column)
        if levels.size:
            darkest.append(skin - float(levels.min()))
    return not darkest or float(np.median(darkest)) > _VISIBLE


def _levels(pixels: Pixels, canvas: Canvas, points: Points) -> Floats:
    """The brightness, 0 to 1, of the pixels at `points` [N, 2] that lie in the picture."""
    x, y = np.floor(points).astype(int).T
    inside = (x >= 0) & (x < canvas.width) & (y >= 0) & (y < canvas.height)
    if not inside.any():
        return np.empty(0, np.float32)
    seen = srgb_of(pixels[y[inside], x[inside]][None], canvas)[0]
    return np.asarray(seen.astype(np.float32) @ GREY / np.float32(255), np.float32)
