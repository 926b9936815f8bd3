"""Colours as sRGB triples in [0, 1], and the shifts of hue that shadow and light have in art."""

from __future__ import annotations

import colorsys
from functools import lru_cache

Colour = tuple[float, float, float]


@lru_cache(maxsize=16384)
def argb(colour: Colour, alpha: float = 1.0) -> int:
    """The colour as skia's 0xAARRGGBB integer. Components are clipped to [0, 1]."""
    r, g, b = colour
    return _byte(alpha) << 24 | _byte(r) << 16 | _byte(g) << 8 | _byte(b)


def _byte(share: float) -> int:
    return 0 if share <= 0.0 else 255 if share >= 1.0 else round(255 * share)


@lru_cache(maxsize=256)
def rgb(code: str) -> Colour:
    """The colour of a six-digit hexadecimal code such as `ffe0d0`."""
    return tuple(int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))  # type: ignore[return-value]


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """The colour `share` (0 to 1) of the way from `a` to `b`."""
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


def adjust(colour: Colour, hue: float = 0.0, saturation: float = 1.0, value: float = 1.0) -> Colour:
    """Turn the hue by `hue` (in turns), scale saturation and value (HSV, clipped)."""
    h, s, v = colorsys.rgb_to_hsv(*colour)
    return colorsys.hsv_to_rgb((h + hue) % 1.0, min(s * saturation, 1.0), min(v * value, 1.0))


def toward_hue(colour: Colour, hue: float, share: float) -> Colour:
    """Turn the hue `share` of the shorter way towards `hue` (in turns)."""
    h, s, v = colorsys.rgb_to_hsv(*colour)
    way = (hue - h + 0.5) % 1.0 - 0.5
    return colorsys.hsv_to_rgb((h + share * way) % 1.0, s, v)


def shadow(colour: Colour, depth: float = 0.2) -> Colour:
    """A shadow tone: darker, more saturated, the hue shifted towards violet, hardly ever grey."""
    h, s, v = colorsys.rgb_to_hsv(*colour)
    if s < 0.12:  # white and grey hair turns to lavender
        return mix((v * (1 - depth),) * 3, (v * (1 - 0.9 * depth), v * (1 - depth), v), 0.8)
    turned = toward_hue(colour, 0.78 if 0.4 < h < 0.95 else 0.97, 0.35 * depth)
    return adjust(turned, saturation=1 + 0.9 * depth, value=1 - depth)


def line_of(colour: Colour, darkness: float = 0.65) -> Colour:
    """The tint of a line around a fill: the fill's hue, much darker."""
    return adjust(shadow(colour, 0.3), saturation=1.25, value=1 - darkness)
