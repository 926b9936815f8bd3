"""Turn a wanted expression into the control tensor that a card asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from contract.card import Card, ExpressionVector, ParameterSpec
from contract.expression import (
    MAX_INTENSITY,
    IntensityError,
    UnknownExpressionError,
    UnknownParameterError,
    Vector,
)

FADE: Final = 0.25
"""From this intensity on, a change holds in full; below, it fades in."""


def strength(intensity: float) -> float:
    """The share, 0 to 1, of its mask and displacement that a change of `intensity` holds with.

    Intensity leads from neutral, and a face need not be: so that 0 gives every picture back as it
    was, and no jump comes after it, the first quarter fades in.
    """
    return min(1.0, intensity / FADE)


def encode(parameters: tuple[ParameterSpec, ...], wanted: Mapping[str, float]) -> Vector:
    """The control [2P] float32 that sets `wanted` and keeps every other parameter of the face.

    Raises UnknownParameterError, or IntensityError for a value outside its range.
    """
    names = tuple(p.name for p in parameters)
    control = np.zeros(2 * len(parameters), np.float32)
    for name, value in wanted.items():
        if name not in names:
            raise UnknownParameterError(name, names)
        i = names.index(name)
        p = parameters[i]
        if not p.low <= value <= p.high:
            raise IntensityError(f"{name} is {value}; it goes from {p.low} to {p.high}")
        control[i] = (value - p.neutral) / max(p.high - p.neutral, p.neutral - p.low)
        control[len(parameters) + i] = 1.0
    return control


def decode(parameters: tuple[ParameterSpec, ...], scaled: Vector) -> dict[str, float]:
    """The parameters' values, in their own units and within their ranges, of P scaled values [P]:
    neutral is 0, the farther end of a range 1 or -1, as in the first half of a control."""
    values = {}
    for p, number in zip(parameters, scaled.tolist(), strict=True):
        value = p.neutral + number * max(p.high - p.neutral, p.neutral - p.low)
        values[p.name] = min(max(value, p.low), p.high)
    return values


def expressions(card: Card) -> tuple[str, ...]:
    """The names of the expressions that the model of `card` can draw, in the card's order."""
    if isinstance(card.control, ExpressionVector):
        return tuple(card.control.presets)
    return card.labels


def control_for(
    card: Card, expression: str | Mapping[str, float], intensity: float = 1.0
) -> Vector:
    """The control [C] float32 of `card` for a named expression or for single parameters.

    Intensity (0 to 1.5) goes from neutral through the preset and beyond. Raises an ExpressionError
    for unknown names, for values out of range, and for parameters where the model takes labels.
    """
    if not 0.0 <= intensity <= MAX_INTENSITY:
        raise IntensityError(f"intensity is {intensity}; it goes from 0 to {MAX_INTENSITY}")
    if isinstance(card.control, ExpressionVector):
        parameters = card.control.parameters
        if isinstance(expression, str):
            if expression not in card.control.presets:
                raise UnknownExpressionError(expression, expressions(card))
            wanted: Mapping[str, float] = card.control.presets[expression]
        else:
            wanted = expression
        known = {p.name: p for p in parameters}
        scaled: dict[str, float] = {}
        for name, value in wanted.items():
            if name not in known:
                raise UnknownParameterError(name, tuple(known))
            p = known[name]
            if not p.low <= value <= p.high:
                raise IntensityError(f"{name} is {value}; it goes from {p.low} to {p.high}")
            moved = p.neutral + intensity * (value - p.neutral)
            scaled[name] = min(max(moved, p.low), p.high)
        return encode(parameters, scaled)
    if not isinstance(expression, str):
        raise UnknownParameterError(next(iter(expression), ""), ())
    if expression not in card.labels:
        raise UnknownExpressionError(expression, card.labels)
    control = np.zeros(len(card.labels), np.float32)
    control[card.labels.index(expression)] = intensity
    return control
