"""Colours of a character: skin, hair, eyes; the named colours are the label vocabularies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from contract.labels import EYE_COLOURS, HAIR_COLOURS
from trainer.characters.chance import between, clamp, pick
from trainer.characters.colour import Colour, adjust, mix, rgb, shadow
from trainer.characters.style import Style

Span = tuple[float, float]
Table = Mapping[str, tuple[Span, Span, Span, int]]
"""Hue (turns), saturation and value ranges of each named colour, and its share of real faces."""

_HAIR: Final[Table] = {
    "blonde": ((0.105, 0.145), (0.25, 0.60), (0.86, 1.0), 18),
    "brown": ((0.025, 0.085), (0.35, 0.65), (0.35, 0.68), 20),
    "black": ((0.55, 0.95), (0.05, 0.35), (0.10, 0.26), 12),
    "blue": ((0.56, 0.66), (0.40, 0.80), (0.50, 0.95), 9),
    "pink": ((0.89, 0.98), (0.22, 0.55), (0.88, 1.0), 8),
    "purple": ((0.70, 0.80), (0.25, 0.60), (0.45, 0.88), 8),
    "green": ((0.25, 0.42), (0.30, 0.65), (0.45, 0.85), 5),
    "red": ((0.96, 1.02), (0.60, 0.85), (0.50, 0.90), 6),
    "silver": ((0.55, 0.75), (0.03, 0.13), (0.66, 0.84), 5),
    "white": ((0.05, 0.70), (0.0, 0.06), (0.92, 1.0), 5),
    "orange": ((0.045, 0.085), (0.55, 0.85), (0.82, 1.0), 4),
    "aqua": ((0.46, 0.53), (0.30, 0.65), (0.75, 0.97), 6),
}
_EYES: Final[Table] = {
    "blue": ((0.56, 0.66), (0.55, 0.9), (0.55, 0.95), 24),
    "red": ((0.96, 1.01), (0.65, 0.92), (0.55, 0.9), 15),
    "brown": ((0.03, 0.08), (0.45, 0.75), (0.30, 0.60), 15),
    "green": ((0.28, 0.43), (0.45, 0.8), (0.42, 0.8), 13),
    "purple": ((0.70, 0.80), (0.40, 0.75), (0.45, 0.85), 10),
    "yellow": ((0.11, 0.16), (0.60, 0.95), (0.75, 1.0), 8),
    "pink": ((0.88, 0.95), (0.40, 0.7), (0.75, 1.0), 5),
    "aqua": ((0.46, 0.53), (0.45, 0.8), (0.6, 0.95), 8),
    "black": ((0.6, 0.9), (0.05, 0.3), (0.12, 0.28), 4),
    "orange": ((0.06, 0.10), (0.65, 0.95), (0.75, 1.0), 4),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HairColours:
    """`tip` is the second colour of a gradient towards the ends, or equal to `base`."""

    base: Colour
    shadow: Colour
    light: Colour
    line: Colour
    tip: Colour


@dataclass(frozen=True, slots=True)
class Palette:
    """`hair` and `eyes` hold the drawn colours, `hair_name` and `eye_name` the labels.

    `right_iris` differs from `left_iris` in characters with eyes of two colours.
    """

    skin: Colour
    skin_shadow: Colour
    skin_line: Colour
    hair: HairColours
    left_iris: Colour
    right_iris: Colour
    brow: Colour
    lash: Colour
    lip: Colour
    mouth: Colour
    tongue: Colour
    white: Colour
    blush: Colour
    hair_name: str
    eye_name: str


def _named(rng: np.random.Generator, table: Table, name: str, saturation: float) -> Colour:
    hue, sat, value, _ = table[name]
    start = adjust((1.0, 0.0, 0.0), hue=between(rng, *hue))
    s, v = between(rng, *sat) * saturation, between(rng, *value)
    return adjust(start, saturation=min(s, 1.0), value=v)


def sample_palette(rng: np.random.Generator, style: Style) -> Palette:
    """Draw a palette; hair and eye colours with the shares of real faces, never below 4 %."""
    hair_name = pick(rng, HAIR_COLOURS, _shares(_HAIR, HAIR_COLOURS))
    eye_name = pick(rng, EYE_COLOURS, _shares(_EYES, EYE_COLOURS))
    base = _named(rng, _HAIR, hair_name, style.saturation)
    depth = style.shadow_depth
    tip = base
    if rng.random() < 0.15:
        other = HAIR_COLOURS[rng.integers(12)]
        tip = mix(base, _named(rng, _HAIR, other, style.saturation), between(rng, 0.4, 0.9))
    hair = HairColours(
        base=base,
        shadow=shadow(base, 0.12 + 0.9 * depth),
        light=mix(base, (1.0, 0.98, 0.94), between(rng, 0.25, 0.6)),
        line=style.line(base),
        tip=tip,
    )
    tan = clamp(rng.beta(1.0, 6.5), 0, 1)
    warm = between(rng, -0.012, 0.012)
    skin = mix(rgb("fff1e6"), rgb("c08a63"), tan * 1.1)
    skin = adjust(skin, hue=warm, saturation=between(rng, 0.55, 1.3) * style.saturation)
    if rng.random() < 0.025:
        skin = mix(skin, rgb("6b4a3a"), between(rng, 0.5, 0.9))
    warm_shade = adjust(rgb("e58f80"), hue=between(rng, -0.03, 0.03), value=max(skin))
    skin_shadow = adjust(mix(skin, warm_shade, 0.10 + 1.1 * depth), value=1.0 - 0.45 * depth)
    iris = _named(rng, _EYES, eye_name, style.saturation)
    right = iris
    if rng.random() < 0.03:
        right = _named(rng, _EYES, EYE_COLOURS[rng.integers(10)], style.saturation)
    brow = mix(hair.line, base, between(rng, 0.0, 0.45))
    if hair_name in ("white", "silver"):
        brow = mix(brow, (0.35, 0.33, 0.4), 0.5)
    lash = mix((0.06, 0.04, 0.06), hair.line, pick(rng, (0.0, 0.3, 0.6)))
    mouth = adjust(rgb("a83a3e"), hue=between(rng, -0.02, 0.02), value=between(rng, 0.5, 1.25))
    return Palette(
        skin=skin,
        skin_shadow=skin_shadow,
        skin_line=style.line(mix(skin, (0.75, 0.35, 0.25), 0.35)),
        hair=hair,
        left_iris=iris,
        right_iris=right,
        brow=brow,
        lash=lash,
        lip=mix(skin, (0.9, 0.35, 0.38), between(rng, 0.15, 0.6)),
        mouth=mouth,
        tongue=adjust(mix(mouth, (1.0, 0.55, 0.55), 0.6)),
        white=mix((1.0, 1.0, 1.0), (0.9, 0.9, 1.0), between(rng, 0.0, 0.8)),
        blush=adjust((1.0, 0.45, 0.42), hue=between(rng, -0.02, 0.025)),
        hair_name=hair_name,
        eye_name=eye_name,
    )


def _shares(table: Table, names: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(float(table[name][3]) for name in names)
