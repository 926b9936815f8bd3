"""Turn a wanted expression into the control tensor that a card asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from contract.card import Card, Control, ExpressionVector, ParameterSpec
from contract.expression import (
    MAX_INTENSITY,
    PARAMETERS,
    IntensityError,
    UnknownExpressionError,
    UnknownParameterError,
    Vector,
    served_presets,
)

FADE: Final = 0.25
"""From this intensity on, a change holds in full; below, it fades in."""


def strength(intensity: float) -> float:
    """The share, 0 to 1, of its mask and displacement that a change of `intensity` holds with.

    Intensity leads from neutral, and a face need not be: so that 0 gives every picture back as it
    was, and no jump comes after it, the first quarter fades in.
    """
    return min(1.0, intensity / FADE)


def expression_vector(drawn: Sequence[str] = ()) -> ExpressionVector:
    """The control of our own networks: the face parameters and the presets as they are served."""
    return ExpressionVector(
        parameters=tuple(
            ParameterSpec(name=p.name, low=p.low, high=p.high, neutral=p.neutral)
            for p in PARAMETERS
        ),
        presets=served_presets(),
        drawn=tuple(drawn),
    )


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
        control[i] = (_in_range(p, value) - p.neutral) / max(p.high - p.neutral, p.neutral - p.low)
        control[len(parameters) + i] = 1.0
    return control


def decode(parameters: tuple[ParameterSpec, ...], scaled: Vector) -> dict[str, float]:
    """The parameters' values, in their own units and within their ranges, of P scaled values [P]:
    neutral is 0, the farther end of a range 1 or -1, as in the first half of a control."""
    values = {}
    for p, number in zip(parameters, scaled.tolist(), strict=True):
        values[p.name] = _moved(p, number * max(p.high - p.neutral, p.neutral - p.low))
    return values


def split(control: Control, encoded: Vector) -> tuple[Vector, dict[str, float]]:
    """What of an encoded control [C] the network is asked for, and what is to be drawn: the scaled
    values, -1 to 1, of those parameters of `drawn` that are set."""
    if not isinstance(control, ExpressionVector):
        return encoded, {}
    asked = unset(control, encoded, control.drawn)
    return asked, {n: v for n, v in wanted(control, encoded).items() if n in control.drawn}


def unset(control: ExpressionVector, encoded: Vector, names: Sequence[str]) -> Vector:
    """An encoded control [C] without the parameters `names`, which the face keeps."""
    known = [p.name for p in control.parameters]
    left = encoded.copy()
    for i in (known.index(name) for name in names if name in known):
        left[[i, len(known) + i]] = 0
    return left


def wanted(control: Control, encoded: Vector) -> dict[str, float]:
    """The scaled values, -1 to 1, of the parameters that an encoded control [C] sets."""
    if not isinstance(control, ExpressionVector):
        return {}
    values, is_set = np.split(encoded, 2)
    every = zip(control.parameters, values.tolist(), is_set.tolist(), strict=True)
    return {p.name: value for p, value, one in every if one}


def expressions(card: Card) -> tuple[str, ...]:
    """The names of the expressions that the model of `card` can draw, in the card's order."""
    if isinstance(card.control, ExpressionVector):
        return tuple(card.control.presets)
    return card.labels


def control_for(
    card: Card, expression: str | Mapping[str, float], intensity: float = 1.0
) -> Vector:
    """The control [C] float32 of `card` for a named expression, or for an object of values.

    In such an object the name of a parameter stands before its value, and the name of an expression
    before its weight (0 to 1.5): see `blend`. Intensity (0 to 1.5) goes from neutral through all of
    it and beyond. Raises an ExpressionError for unknown names, for values out of range, and for
    parameters where the model takes labels.
    """
    assert card.control is not None  # the card's own rule for this task
    return control_of(card.control, card.labels, expression, intensity)


def control_of(
    control: Control,
    labels: tuple[str, ...],
    expression: str | Mapping[str, float],
    intensity: float = 1.0,
) -> Vector:
    """`control_for` where there is no card, only its control and its labels."""
    if not 0.0 <= intensity <= MAX_INTENSITY:
        raise IntensityError(f"intensity is {intensity}; it goes from 0 to {MAX_INTENSITY}")
    if isinstance(expression, str):
        known = tuple(control.presets) if isinstance(control, ExpressionVector) else labels
        if expression not in known:
            raise UnknownExpressionError(expression, known)
        expression = {expression: 1.0}
    if isinstance(control, ExpressionVector):
        wanted = blend(control, expression)
        specs = (p for p in control.parameters if p.name in wanted)
        moved = {p.name: _moved(p, intensity * (wanted[p.name] - p.neutral)) for p in specs}
        return encode(control.parameters, moved)
    result = np.zeros(len(labels), np.float32)
    for name, weight in expression.items():
        if name not in labels:
            raise UnknownParameterError(name, labels)
        result[labels.index(name)] = intensity * _weight(name, weight)
    return result


def blend(control: ExpressionVector, wanted: Mapping[str, float]) -> dict[str, float]:
    """The value of every parameter that `wanted` sets: by its own name, or by that of presets.

    Presets add up: neutral + the sum of weight * (preset - neutral), clipped to the parameter's
    range; what at least one of them sets is set, whatever its weight. A parameter's own name goes
    before them. Raises UnknownParameterError, or IntensityError for a value out of its range.
    """
    known = {p.name: p for p in control.parameters}
    ways: dict[str, float] = {}
    for name, weight in wanted.items():
        if name in control.presets:
            for parameter, value in control.presets[name].items():
                way = _weight(name, weight) * (value - known[parameter].neutral)
                ways[parameter] = ways.get(parameter, 0.0) + way
        elif name not in known:
            raise UnknownParameterError(name, (*known, *control.presets))
    values = {name: _moved(known[name], way) for name, way in ways.items()}
    return values | {name: _in_range(known[name], wanted[name]) for name in wanted if name in known}


def _weight(name: str, weight: float) -> float:
    if not 0.0 <= weight <= MAX_INTENSITY:
        raise IntensityError(f"the weight of {name} is {weight}; it goes from 0 to {MAX_INTENSITY}")
    return weight


def _in_range(p: ParameterSpec, value: float) -> float:
    if not p.low <= value <= p.high:
        raise IntensityError(f"{p.name} is {value}; it goes from {p.low} to {p.high}")
    return value


def _moved(p: ParameterSpec, way: float) -> float:
    """The value that lies `way` from neutral, clipped to the parameter's range."""
    return min(max(p.neutral + way, p.low), p.high)
