"""The alignment template: where the landmarks of a face lie in the crop that networks see."""

from __future__ import annotations

from typing import Final

SIDE_IN_EYE_DISTANCES: Final = 2.7
"""Side of the aligned crop as a multiple of the distance between the eye centres."""

EYE_LINE: Final = 0.38
"""Height of the eye line in the crop, as a fraction of its side: brows above, chin below."""

MOUTH_BELOW_EYES: Final = 0.72
"""Height of the mouth below the eye line in eye distances: the median of drawn faces."""

TEMPLATE: Final[dict[str, tuple[float, float]]] = {
    "left_eye": (0.5 - 0.5 / SIDE_IN_EYE_DISTANCES, EYE_LINE),
    "right_eye": (0.5 + 0.5 / SIDE_IN_EYE_DISTANCES, EYE_LINE),
}
"""Fractions of the crop's side, x then y. The two eyes fix the similarity transform."""
