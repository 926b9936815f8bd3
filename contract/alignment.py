"""Alignment templates: where the landmarks of a face lie in the crop that networks see."""

from __future__ import annotations

from typing import Final

SIDE_IN_EYE_DISTANCES: Final = 2.7
"""Side of the aligned crop as a multiple of the distance between the eye centres."""

EYE_LINE: Final = 0.38
"""Height of the eye line in the crop, as a fraction of its side: brows above, chin below."""

MOUTH_BELOW_EYES: Final = 0.72
"""Height of the mouth below the eye line in eye distances: the median of drawn faces."""

Template = dict[str, tuple[float, float]]
"""Fractions of the crop's side, x then y, by landmark. They fix a similarity transform."""


def template(side: float, eye_line: float) -> Template:
    """Eyes and mouth of an upright face in a crop of `side` eye distances."""
    return {
        "left_eye": (0.5 - 0.5 / side, eye_line),
        "right_eye": (0.5 + 0.5 / side, eye_line),
        "mouth": (0.5, eye_line + MOUTH_BELOW_EYES / side),
    }


TEMPLATE: Final = template(SIDE_IN_EYE_DISTANCES, EYE_LINE)
"""What our networks see."""

_MOBINI_SIDE: Final = 1.35

TEMPLATES: Final[dict[str, Template]] = {
    "celmood": TEMPLATE,
    "mobini": template(_MOBINI_SIDE, 0.5 - MOUTH_BELOW_EYES / (2 * _MOBINI_SIDE)),
}
"""By name. `mobini` is the square of 1.35 eye distances of Mobini & Ghaderi (2020, data
preparation, 3): no brows, no chin. They do not say how high it lies; here eyes and mouth are as far
from its middle."""
