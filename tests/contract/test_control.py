"""From a wanted expression to the control tensor that a card asks for."""

from __future__ import annotations

import numpy as np
import pytest

from contract.card import Card, ExpressionVector, OneHot
from contract.control import control_for, decode, encode, expressions, strength
from contract.expression import (
    EXPRESSIONS,
    NAMES,
    PARAMETERS,
    PRESETS,
    SIZE,
    IntensityError,
    UnknownExpressionError,
    UnknownParameterError,
)
from tests.engines.tiny_models import tiny_editor

CARD, _ = tiny_editor(8)
LABELLED = CARD.model_copy(update={"control": OneHot(), "labels": ("neutral", "happy", "sad")})
assert isinstance(CARD.control, ExpressionVector)
SPECS = CARD.control.parameters


def test_what_is_not_asked_for_is_left_alone() -> None:
    np.testing.assert_array_equal(encode(SPECS, {}), np.zeros(2 * SIZE, np.float32))
    one = encode(SPECS, {"blush": 0.25})
    at = NAMES.index("blush")
    assert one.dtype == np.float32
    assert (one[at], one[SIZE + at]) == (0.25, 1)
    assert np.count_nonzero(one) == 2


def test_neutral_is_asked_for_by_setting_it() -> None:
    one = encode(SPECS, {"tears": 0.0})
    assert np.flatnonzero(one).tolist() == [SIZE + NAMES.index("tears")]


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
def test_the_farther_end_of_a_range_is_one(parameter) -> None:
    at = NAMES.index(parameter.name)
    ends = [encode(SPECS, {parameter.name: end})[at] for end in (parameter.low, parameter.high)]
    assert max(map(abs, ends)) == pytest.approx(1)
    assert encode(SPECS, {parameter.name: parameter.neutral})[at] == 0


def test_names_are_those_of_the_card() -> None:
    assert expressions(CARD) == EXPRESSIONS
    assert expressions(LABELLED) == ("neutral", "happy", "sad")


def test_a_preset_at_an_intensity() -> None:
    curve, at = PRESETS["happy"]["mouth_curve"], NAMES.index("mouth_curve")  # from -1 to 1
    values = [control_for(CARD, "happy", i)[at] for i in (0.0, 0.5, 1.0, 1.5)]
    assert values == pytest.approx([0.0, 0.5 * curve, curve, min(1.5 * curve, 1.0)])
    assert control_for(CARD, "happy", 0.0)[SIZE + at] == 1


def test_single_parameters() -> None:
    control = control_for(CARD, {"lid_upper_left": 0.0})
    at = NAMES.index("lid_upper_left")
    assert (control[at], control[SIZE + at]) == (-1, 1)
    assert np.count_nonzero(control) == 2


def test_a_one_hot_control() -> None:
    assert control_for(LABELLED, "sad").tolist() == [0, 0, 1]
    assert control_for(LABELLED, "happy", 0.5).tolist() == [0, 0.5, 0]


@pytest.mark.parametrize("card", [CARD, LABELLED])
def test_unknown_names_list_the_known(card: Card) -> None:
    with pytest.raises(UnknownExpressionError, match=r"hungry.*neutral, happy, sad"):
        control_for(card, "hungry")
    with pytest.raises(UnknownParameterError, match="nose_length"):
        control_for(card, {"nose_length": 1.0})
    with pytest.raises(UnknownParameterError, match="nose_length"):
        encode(SPECS, {"nose_length": 1.0})


@pytest.mark.parametrize("intensity", [-0.1, 1.6, float("nan")])
def test_intensity_out_of_range(intensity: float) -> None:
    with pytest.raises(IntensityError, match="intensity"):
        control_for(CARD, "happy", intensity)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_parameter_out_of_range(value: float) -> None:
    with pytest.raises(IntensityError, match="blush"):
        control_for(CARD, {"blush": value})
    with pytest.raises(IntensityError, match="blush"):
        encode(SPECS, {"blush": value})


def test_decoding_undoes_encoding_and_stays_in_range() -> None:
    wanted = {p.name: p.low + 0.3 * (p.high - p.low) for p in PARAMETERS}
    control = encode(SPECS, wanted)
    assert decode(SPECS, control[: len(SPECS)]) == pytest.approx(wanted, abs=1e-6)
    beyond = decode(SPECS, np.full(len(SPECS), 9.0, np.float32))
    assert beyond == {p.name: p.high for p in PARAMETERS}


def test_a_change_fades_in_over_the_first_quarter() -> None:
    assert [strength(i) for i in (0.0, 0.125, 0.25, 1.0, 1.5)] == [0.0, 0.5, 1.0, 1.0, 1.0]
