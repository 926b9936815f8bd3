"""Draw expression vectors: presets with the variation of real hands, parts, blends, noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from contract.expression import (
    EXPRESSIONS,
    HIGH,
    INDEX,
    LOW,
    NAMES,
    NEUTRAL,
    PRESETS,
    SIZE,
    Vector,
    preset,
    toward,
    vector,
)
from trainer.characters.chance import between


def _both(**values: float) -> dict[str, float]:
    out: dict[str, float] = {}
    for name, value in values.items():
        sides = (f"{name}_left", f"{name}_right")
        for full in sides if sides[0] in INDEX else (name,):
            out[full] = value
    return out


# Other ways in which the same label is drawn, with their shares (the rest is the preset itself).
_VARIANTS: Final[dict[str, tuple[tuple[float, dict[str, float]], ...]]] = {
    "happy": (
        (0.35, _both(mouth_open=0.0, mouth_width=0.45, mouth_curve=0.8, lid_lower=0.2)),
        (0.12, _both(lid_upper=0.0, lid_arc=0.9, mouth_width=0.5, mouth_curve=0.8)),
        (0.08, _both(mouth_open=0.35, mouth_width=0.5, mouth_curve=0.7, fang=1.0)),
        (0.06, _both(mouth_open=0.3, mouth_width=0.8, mouth_curve=0.5, teeth=1.0)),
    ),
    "sad": (
        (0.25, _both(brow_tilt=-0.7, mouth_open=0.15, mouth_curve=-0.3, lid_upper=0.8)),
        (0.15, _both(brow_tilt=-0.7, mouth_curve=0.5, mouth_width=0.3)),
        (0.10, _both(gaze_x=0.6, gaze_y=0.4, lid_upper=0.7)),
    ),
    "crying": (
        (0.25, _both(lid_upper=0.0, lid_arc=-0.3, brow_tilt=-0.8, tears=1.0, mouth_open=0.5,
                     mouth_width=0.5, mouth_curve=-0.5, tongue=0.4)),
        (0.25, _both(lid_upper=0.7, brow_tilt=-0.8, tears=0.6, mouth_curve=-0.5, blush=0.3)),
    ),
    "angry": (
        (0.25, _both(lid_slant=0.8, lid_upper=0.84, brow_tilt=0.9, brow_height=-0.55,
                     mouth_open=0.4, mouth_width=0.3, mouth_curve=-0.6, teeth=0.5)),
        (0.20, _both(lid_slant=0.7, brow_tilt=1.0, brow_height=-0.5, mouth_open=0.85,
                     mouth_width=0.5, mouth_curve=-0.3, teeth=0.5, tongue=0.4)),
        (0.10, _both(brow_tilt=0.8, brow_height=-0.3, mouth_curve=0.6, mouth_width=0.4)),
        (0.06, _both(brow_tilt=0.9, brow_height=-0.5, mouth_open=0.3, mouth_width=0.5, teeth=1.0,
                     vein=1.0)),
    ),
    "surprised": (
        (0.25, _both(lid_upper=1.05, mouth_open=0.25, mouth_width=-0.4, mouth_round=1.0,
                     brow_height=0.4)),
        (0.25, _both(lid_upper=1.25, iris_size=0.65, mouth_open=0.75, mouth_width=0.1,
                     mouth_round=0.8, brow_height=0.9)),
    ),
}  # fmt: skip


def sample_preset(rng: np.random.Generator, name: str, intensity: float = 1.0) -> Vector:
    """One drawing of the label `name`: the preset or a variant of it, unlike from hand to hand."""
    variants = _VARIANTS.get(name, ())
    draw = rng.random()
    target = vector(PRESETS[name])
    for share, values in variants:
        if draw < share:
            target = vector(values)
            break
        draw -= share
    moved = target - NEUTRAL
    spread = np.where(moved != 0, rng.normal(1.0, 0.18, SIZE), 1.0).astype(np.float32)
    return _settle(rng, toward(NEUTRAL + moved * spread, intensity))


def sample_mood(rng: np.random.Generator) -> tuple[Vector, int]:
    """Any expression for training, and the index of its preset (-1 for none).

    Presets at many intensities, blends of two, parts of one, and free faces; in some both eyes are
    shut, whatever the rest says: to open them is to draw eyes that nobody sees.
    """
    mood, which = _mood(rng)
    if rng.random() < 0.1:
        shut = [n.startswith("lid_upper") for n in NAMES]
        arc = [n.startswith("lid_arc") for n in NAMES]
        mood = np.where(shut, 0.0, np.where(arc, rng.uniform(-0.6, 1.0), mood)).astype(np.float32)
        which = -1
    return mood, which


def _mood(rng: np.random.Generator) -> tuple[Vector, int]:
    kind = rng.random()
    which = int(rng.integers(len(EXPRESSIONS)))
    if rng.random() < 0.35:
        which = int(rng.integers(6))
    name = EXPRESSIONS[which]
    if kind < 0.14:
        return _settle(rng, NEUTRAL.copy()), 0
    if kind < 0.24:
        return preset(name), which
    if kind < 0.60:
        strength = between(rng, 0.5, 1.4)
        return sample_preset(rng, name, strength), which if strength > 0.7 else -1
    other = sample_preset(rng, EXPRESSIONS[int(rng.integers(len(EXPRESSIONS)))])
    if kind < 0.78:  # the eyes of one, the mouth of another
        eyes = sample_preset(rng, name)
        mouth = np.array([n.startswith(("mouth", "teeth", "tongue", "fang")) for n in NAMES])
        return np.where(mouth, other, eyes), -1
    if kind < 0.86:
        share = np.float32(rng.random())
        return (1 - share) * sample_preset(rng, name) + share * other, -1
    return _free(rng), -1


_SMALL: Final = (
    "brow_height", "brow_tilt", "brow_bend", "tears", "blush", "sweat", "vein",
    "teeth", "tongue", "fang", "mouth_curve", "lid_slant", "highlight",
)  # fmt: skip


def _stem(name: str) -> str:
    """The name without its side."""
    return name.removesuffix("_left").removesuffix("_right")


_STEMS: Final = tuple(dict.fromkeys(map(_stem, NAMES)))


def change_one(rng: np.random.Generator, mood: Vector, kept: Sequence[str] = ()) -> Vector:
    """The same face with one parameter, none of `kept`, moved somewhere else, on both sides if it
    has two.

    In most it is one that changes little in the picture and is seldom alone: brows, tears, blush.
    """
    stems = [s for s in (_SMALL if rng.random() < 0.7 else _STEMS) if s not in map(_stem, kept)]
    stem = stems[rng.integers(len(stems))]
    chosen = np.array([_stem(n) == stem for n in NAMES])
    value = rng.uniform(LOW[chosen][0], HIGH[chosen][0])
    return np.where(chosen, value, mood).astype(np.float32)


def change_part(rng: np.random.Generator, mood: Vector) -> Vector:
    """The same face with one group of parameters moved somewhere else."""
    groups: tuple[tuple[str, ...], ...] = (
        ("lid_upper", "lid_arc", "lid_lower", "lid_slant"),
        ("gaze", "iris"),
        ("brow",),
        ("mouth", "teeth", "tongue", "fang"),
        ("tears", "blush", "sweat", "vein", "shade"),
    )
    group = groups[rng.integers(len(groups))]
    chosen = np.array([n.startswith(group) for n in NAMES])
    return np.where(chosen, _free(rng), mood)


def _free(rng: np.random.Generator) -> Vector:
    """A face whose every parameter may be anywhere, most near rest; sides mostly alike."""
    wide = rng.random(SIZE) < 0.35
    value = np.where(wide, rng.uniform(LOW, HIGH), NEUTRAL).astype(np.float32)
    if rng.random() < 0.8:
        for name, i in INDEX.items():
            if name.endswith("_right"):
                value[i] = value[INDEX[name[:-6] + "_left"]]
    for rare in ("vein", "shade", "sweat", "tears", "fang", "mouth_wave"):
        if rng.random() < 0.6:
            value[INDEX[rare]] = 0.0
    return _settle(rng, value)


def _settle(rng: np.random.Generator, mood: Vector) -> Vector:
    """Small movements that no label asks for: gaze, a lid, a brow, unlike sides."""
    noise: Mapping[str, float] = {"gaze_x": 0.12, "gaze_y": 0.06, "mouth_skew": 0.05}
    out = mood.copy()
    for name, spread in noise.items():
        if rng.random() < 0.5:
            out[INDEX[name]] += rng.normal(0, spread)
    for stem, spread in (("brow_height", 0.06), ("brow_tilt", 0.06), ("lid_upper", 0.02)):
        both, apart = rng.normal(0, spread), rng.normal(0, 0.4 * spread)
        left, right = INDEX[f"{stem}_left"], INDEX[f"{stem}_right"]
        if stem != "lid_upper" or min(out[left], out[right]) > 0.15:
            out[left] += both + apart
            out[right] += both - apart
    return np.clip(out, LOW, HIGH).astype(np.float32)
