"""Style of drawing: pen, shading, finish; one artist's hand. Shares are those of real art."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from trainer.characters.chance import between, clamp, pick, sign
from trainer.characters.colour import Colour, line_of, mix

Shading = Literal["flat", "cel", "soft", "painted"]
LineColour = Literal["tinted", "black", "hardly"]


@dataclass(frozen=True, slots=True)
class Style:
    """`line_width` in face units (the jaw's line; .004 to .022); `light` is -1 (from the left)
    or 1; `darkness` of lines 0 to 1; `saturation` a factor; `shine` how hair shines."""

    line_width: float
    even_pen: bool
    line_colour: LineColour
    darkness: float
    shading: Shading
    light: float
    saturation: float
    sketchy: bool
    brows_over_hair: bool
    eyes_through_hair: bool
    lash_weight: float
    shadow_depth: float

    def line(self, fill: Colour) -> Colour:
        """The colour of a line around `fill`."""
        if self.line_colour == "black":
            return mix((0.05, 0.04, 0.06), line_of(fill, 0.85), 0.15)
        return line_of(fill, self.darkness)


@dataclass(frozen=True, slots=True)
class StyleRange:
    """What a population of hands may do. Training and judging draw from different ranges."""

    shading: tuple[float, float, float, float] = (0.06, 0.36, 0.35, 0.23)
    line_colour: tuple[float, float, float] = (0.62, 0.30, 0.08)
    line_width: tuple[float, float] = (0.006, 0.021)
    darkness: tuple[float, float] = (0.45, 0.85)


TRAINING: Final = StyleRange()
JUDGING: Final = StyleRange(
    shading=(0.2, 0.45, 0.25, 0.1), line_colour=(0.45, 0.5, 0.05), line_width=(0.008, 0.026),
    darkness=(0.55, 0.9),
)  # fmt: skip


def sample_style(rng: np.random.Generator, within: StyleRange = TRAINING) -> Style:
    """Draw a hand."""
    shading: Shading = pick(rng, ("flat", "cel", "soft", "painted"), within.shading)
    line_colour: LineColour = pick(rng, ("tinted", "black", "hardly"), within.line_colour)
    low, high = within.line_width
    width = clamp(np.exp(rng.normal(np.log(0.011), 0.35)), low, high)
    return Style(
        line_width=width * (0.6 if line_colour == "hardly" else 1.0),
        even_pen=bool(rng.random() < 0.25),
        line_colour=line_colour,
        darkness=between(rng, *within.darkness) * (0.6 if line_colour == "hardly" else 1.0),
        shading=shading,
        light=sign(rng),
        saturation=clamp(rng.normal(1.0, 0.18), 0.45, 1.4),
        sketchy=bool(rng.random() < 0.12),
        brows_over_hair=bool(rng.random() < 0.72),
        eyes_through_hair=bool(rng.random() < 0.57),
        lash_weight=clamp(rng.normal(0.047, 0.012), 0.02, 0.075),
        shadow_depth=between(rng, 0.10, 0.30),
    )
