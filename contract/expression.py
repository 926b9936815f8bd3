"""The language of expression: named continuous parameters of a drawn face, and their presets.

An expression is a vector with one number per entry of `PARAMETERS`. A preset is the vector at
intensity 1; intensity moves on the straight line from neutral through it. Left and right are as
seen in the picture. This module knows nothing of pictures or networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

MAX_INTENSITY: Final = 1.5


class ExpressionError(ValueError):
    """A request for an expression that cannot be built; the message says what to do."""


class UnknownExpressionError(ExpressionError):
    """No preset has this name. `known` lists the names that exist."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown expression {name!r}; known are {', '.join(known)}")
        self.name = name
        self.known = known


class UnknownParameterError(ExpressionError):
    """No face parameter has this name. `known` lists the names that exist."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown face parameter {name!r}; known are {', '.join(known)}")
        self.name = name
        self.known = known


class IntensityError(ExpressionError):
    """Intensity outside 0 to 1.5, or a parameter outside its range."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of the vector: its name, its range [low, high], its value on a resting face."""

    name: str
    low: float
    high: float
    neutral: float
    meaning: str


PARAMETERS: Final[tuple[Parameter, ...]] = (
    Parameter("lid_upper_left", 0.0, 1.3, 1.0, "upper lid: 0 shut, 1 at rest, above 1 wide open"),
    Parameter("lid_upper_right", 0.0, 1.3, 1.0, "upper lid: 0 shut, 1 at rest, above 1 wide open"),
    Parameter("lid_lower_left", 0.0, 1.0, 0.0, "lower lid: 0 at rest, 1 pushed up"),
    Parameter("lid_lower_right", 0.0, 1.0, 0.0, "lower lid: 0 at rest, 1 pushed up"),
    Parameter("lid_arc_left", -1.0, 1.0, 0.0, "shut lid: -1 hanging (asleep), 1 arched (smiling)"),
    Parameter("lid_arc_right", -1.0, 1.0, 0.0, "shut lid: -1 hanging (asleep), 1 arched (smiling)"),
    Parameter("lid_slant", -1.0, 1.0, 0.0, "upper lid line: -1 inner end up, 1 inner end down"),
    Parameter("iris_size", 0.3, 1.2, 1.0, "iris diameter as a multiple of the resting one"),
    Parameter("gaze_x", -1.0, 1.0, 0.0, "gaze: -1 to the left edge of the picture, 1 to the right"),
    Parameter("gaze_y", -1.0, 1.0, 0.0, "gaze: -1 up, 1 down"),
    Parameter("highlight", 0.0, 1.0, 1.0, "highlights in the eyes: 0 none, 1 as at rest"),
    Parameter("brow_height_left", -1.0, 1.0, 0.0, "brow: -1 lowered, 1 raised"),
    Parameter("brow_height_right", -1.0, 1.0, 0.0, "brow: -1 lowered, 1 raised"),
    Parameter("brow_tilt_left", -1.0, 1.0, 0.0, "brow: -1 inner end up (sad), 1 inner end down"),
    Parameter("brow_tilt_right", -1.0, 1.0, 0.0, "brow: -1 inner end up (sad), 1 inner end down"),
    Parameter("brow_bend_left", -1.0, 1.0, 0.0, "brow: -1 hanging, 0 as at rest, 1 arched"),
    Parameter("brow_bend_right", -1.0, 1.0, 0.0, "brow: -1 hanging, 0 as at rest, 1 arched"),
    Parameter("mouth_open", 0.0, 1.0, 0.0, "opening: 0 closed, 1 a shout"),
    Parameter("mouth_width", -1.0, 1.0, 0.0, "width: -1 pursed, 0 at rest, 1 widest"),
    Parameter("mouth_curve", -1.0, 1.0, 0.0, "corners: -1 down, 1 up"),
    Parameter("mouth_skew", -1.0, 1.0, 0.0, "one corner higher: -1 the left one, 1 the right one"),
    Parameter("mouth_round", 0.0, 1.0, 0.0, "open mouth: 0 straight upper edge, 1 an o"),
    Parameter("mouth_wave", 0.0, 1.0, 0.0, "lips drawn as a wavy line"),
    Parameter("teeth", 0.0, 1.0, 0.0, "teeth: 0 none, 0.5 upper row, 1 clenched rows"),
    Parameter("tongue", 0.0, 1.0, 0.0, "tongue in an open mouth"),
    Parameter("fang", 0.0, 1.0, 0.0, "a pointed tooth at one corner"),
    Parameter("tears", 0.0, 1.0, 0.0, "0 none, 0.3 wet lids, 0.6 beads, 1 streams"),
    Parameter("blush", 0.0, 1.0, 0.0, "blush beyond the one at rest"),
    Parameter("sweat", 0.0, 1.0, 0.0, "a drop of sweat at the temple"),
    Parameter("vein", 0.0, 1.0, 0.0, "the vein mark of comic anger"),
    Parameter("shade", 0.0, 1.0, 0.0, "gloom: a cool shade over brow and eyes"),
)

NAMES: Final[tuple[str, ...]] = tuple(p.name for p in PARAMETERS)
INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(NAMES)}
SIZE: Final = len(PARAMETERS)
LOW: Final[Vector] = np.array([p.low for p in PARAMETERS], np.float32)
HIGH: Final[Vector] = np.array([p.high for p in PARAMETERS], np.float32)
NEUTRAL: Final[Vector] = np.array([p.neutral for p in PARAMETERS], np.float32)

_PAIRS: Final = tuple(n[:-5] for n in NAMES if n.endswith("_left"))

DRAWN: Final[tuple[str, ...]] = tuple(
    n for n in NAMES if n.startswith("brow_") or n in ("tears", "blush", "sweat", "vein")
)
"""What is not left to our networks: brows are cut out and moved, marks are drawn, both in the
picture's own pixels. A network that paints them tears the hair that hangs over brows."""


def _preset(**values: float) -> dict[str, float]:
    """Spread the names of paired parameters without a side (`lid_upper`) over both sides."""
    spread: dict[str, float] = {}
    for name, value in values.items():
        for full in (f"{name}_left", f"{name}_right") if name in _PAIRS else (name,):
            if full not in INDEX:
                raise UnknownParameterError(full, NAMES)
            spread[full] = value
    return spread


# Values read off section 3 of the census of drawn faces: what each label moves, and how far.
PRESETS: Final[dict[str, dict[str, float]]] = {
    "neutral": {},
    "happy": _preset(mouth_open=0.42, mouth_width=0.5, mouth_curve=0.75, tongue=0.6, lid_lower=0.25,
                     brow_height=0.25, brow_bend=0.3, blush=0.35),
    "sad": _preset(lid_upper=0.68, lid_slant=-0.55, brow_tilt=-0.8, brow_height=0.1, gaze_y=0.35,
                   mouth_curve=-0.6, mouth_width=0.05),
    "crying": _preset(lid_upper=0.62, lid_lower=0.4, lid_slant=-0.5, brow_tilt=-0.95,
                      mouth_open=0.3, mouth_width=0.3, mouth_curve=-0.6, tears=1.0, blush=0.45),
    "angry": _preset(lid_upper=0.84, lid_slant=0.8, brow_tilt=0.9, brow_height=-0.55,
                     mouth_width=-0.05, mouth_curve=-0.6),
    "surprised": _preset(lid_upper=1.12, iris_size=0.85, brow_height=0.6, brow_bend=0.35,
                         mouth_open=0.4, mouth_width=-0.15, mouth_round=1.0),
    "laughing": _preset(lid_upper=0.0, lid_lower=0.3, lid_arc=1.0, brow_height=0.35,
                        brow_bend=0.4, mouth_open=0.6, mouth_width=0.65, mouth_curve=0.9,
                        tongue=0.7, blush=0.4),
    "smug": _preset(lid_upper=0.6, lid_slant=0.3, brow_tilt=0.4, gaze_x=0.2, mouth_width=0.4,
                    mouth_curve=0.6, mouth_skew=0.7),
    "embarrassed": _preset(lid_upper=0.88, brow_tilt=-0.6, brow_height=0.15, mouth_open=0.12,
                           mouth_wave=0.8, mouth_width=0.15, blush=1.0),
    "worried": _preset(brow_tilt=-0.75, brow_height=0.3, lid_slant=-0.25, mouth_open=0.15,
                       mouth_curve=-0.4, mouth_width=0.1, sweat=1.0),
    "sleepy": _preset(lid_upper=0.4, lid_lower=0.1, brow_height=0.15, mouth_width=-0.3,
                      mouth_open=0.08, highlight=0.4),
    "wink": {**_preset(mouth_open=0.3, mouth_width=0.4, mouth_curve=0.7, brow_height=0.2),
             "lid_upper_right": 0.0, "lid_arc_right": 0.9, "lid_lower_right": 0.2,
             "brow_height_right": -0.1},
    "disgusted": _preset(lid_upper=0.66, lid_lower=0.35, lid_slant=0.35, brow_tilt=0.55,
                         brow_height=-0.3, mouth_width=0.2, mouth_curve=-0.65, mouth_wave=0.6,
                         shade=0.5),
    "scared": _preset(lid_upper=1.15, iris_size=0.65, highlight=0.2, brow_tilt=-0.85,
                      brow_height=0.5, mouth_open=0.35, mouth_width=0.45, mouth_wave=0.8,
                      teeth=0.3, sweat=0.8, shade=0.8),
}  # fmt: skip

EXPRESSIONS: Final[tuple[str, ...]] = tuple(PRESETS)
CORE_EXPRESSIONS: Final[tuple[str, ...]] = EXPRESSIONS[:6]


def vector(values: Mapping[str, float] | None = None) -> Vector:
    """The vector [SIZE] float32 with `values` set and every other parameter at neutral.

    Raises UnknownParameterError for a name that does not exist and IntensityError for a value that
    is outside the parameter's range or not finite.
    """
    result = NEUTRAL.copy()
    for name, value in (values or {}).items():
        if name not in INDEX:
            raise UnknownParameterError(name, NAMES)
        parameter = PARAMETERS[INDEX[name]]
        if not parameter.low <= value <= parameter.high:
            raise IntensityError(
                f"{name} is {value}; it goes from {parameter.low} to {parameter.high}"
            )
        result[INDEX[name]] = value
    return result


def preset(name: str, intensity: float = 1.0) -> Vector:
    """The preset `name` at `intensity` (0 to 1.5): neutral + intensity * (preset - neutral).

    Clipped to each parameter's range. Raises UnknownExpressionError or IntensityError.
    """
    if name not in PRESETS:
        raise UnknownExpressionError(name, EXPRESSIONS)
    if not 0.0 <= intensity <= MAX_INTENSITY:
        raise IntensityError(f"intensity is {intensity}; it goes from 0 to {MAX_INTENSITY}")
    return toward(vector(PRESETS[name]), intensity)


KEPT: Final = ("iris_size", "gaze_x", "gaze_y", "highlight", "blush")
"""What a face keeps of its own under a named expression that does not move it."""


def served_presets() -> dict[str, dict[str, float]]:
    """The presets as a served model gives them: every parameter set, but for `KEPT` at rest.

    So "happy" also dries tears and opens shut eyes, and yet leaves the direction of gaze alone.
    """
    return {
        name: {
            parameter.name: values.get(parameter.name, parameter.neutral)
            for parameter in PARAMETERS
            if parameter.name in values or parameter.name not in KEPT
        }
        for name, values in PRESETS.items()
    }


def toward(target: Vector, intensity: float) -> Vector:
    """The point at `intensity` on the line from neutral (0) through `target` (1), clipped."""
    return np.clip(NEUTRAL + np.float32(intensity) * (target - NEUTRAL), LOW, HIGH)
