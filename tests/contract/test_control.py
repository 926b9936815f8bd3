"""From a wanted expression to the control tensor that a card asks for."""

from __future__ import annotations

import numpy as np
import pytest

from contract.card import Card, ExpressionVector, OneHot
from contract.control import (
    control_for,
    decode,
    encode,
    expression_vector,
    expressions,
    split,
    strength,
    wanted,
)
from contract.expression import (
    DRAWN,
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


def value(control: np.ndarray, name: str) -> float:
    """What a control asks of a parameter, in its own unit."""
    assert control[SIZE + NAMES.index(name)] == 1
    return decode(SPECS, control[:SIZE])[name]


def test_a_blend_of_presets_adds_their_ways_from_neutral() -> None:
    control = control_for(CARD, {"happy": 0.5, "angry": 0.25})
    happy, angry = PRESETS["happy"], PRESETS["angry"]
    curve = 0.5 * happy["mouth_curve"] + 0.25 * angry["mouth_curve"]
    assert value(control, "mouth_curve") == pytest.approx(curve)
    assert value(control, "lid_slant") == pytest.approx(0.25 * angry["lid_slant"])
    lid = 1 + 0.25 * (angry["lid_upper_left"] - 1)
    assert value(control, "lid_upper_left") == pytest.approx(lid)


def test_a_blend_of_one_is_the_preset_itself() -> None:
    for name in EXPRESSIONS:
        named = control_for(CARD, name, 0.7)
        np.testing.assert_allclose(control_for(CARD, {name: 1.0}, 0.7), named, atol=1e-6)
        np.testing.assert_allclose(control_for(CARD, {name: 0.7}), named, atol=1e-6)


def test_a_blend_sets_what_any_of_its_presets_sets() -> None:
    at = SIZE + NAMES.index("blush")
    assert control_for(CARD, "angry")[at] == 0
    assert control_for(CARD, {"angry": 1.0, "happy": 0.0})[at] == 1


def test_a_blend_stays_in_range() -> None:
    control = control_for(CARD, {"happy": 1.0, "laughing": 1.0, "crying": 0.0})
    assert value(control, "mouth_curve") == pytest.approx(1)
    assert np.abs(control[:SIZE]).max() <= 1


def test_parameters_go_before_a_blend_in_either_order() -> None:
    one = control_for(CARD, {"happy": 0.5, "mouth_curve": -0.25})
    other = control_for(CARD, {"mouth_curve": -0.25, "happy": 0.5})
    np.testing.assert_array_equal(one, other)
    assert value(one, "mouth_curve") == pytest.approx(-0.25)
    assert value(one, "mouth_open") == pytest.approx(0.5 * PRESETS["happy"]["mouth_open"])
    assert value(control_for(CARD, {"mouth_curve": -0.5}, 0.5), "mouth_curve") == -0.25


@pytest.mark.parametrize("card", [CARD, LABELLED])
@pytest.mark.parametrize("weight", [-0.1, 1.6, float("nan"), float("inf")])
def test_a_weight_out_of_range(card: Card, weight: float) -> None:
    with pytest.raises(IntensityError, match=r"the weight of happy is .* from 0 to 1\.5"):
        control_for(card, {"happy": weight})


def test_an_unknown_name_in_a_blend_lists_parameters_and_presets() -> None:
    with pytest.raises(UnknownParameterError, match=r"'merry'.*mouth_open.*happy") as caught:
        control_for(CARD, {"merry": 0.5, "happy": 0.5})
    assert caught.value.known == (*NAMES, *EXPRESSIONS)


def test_a_one_hot_control() -> None:
    assert control_for(LABELLED, "sad").tolist() == [0, 0, 1]
    assert control_for(LABELLED, "happy", 0.5).tolist() == [0, 0.5, 0]
    assert control_for(LABELLED, {"happy": 0.5, "sad": 1.0}, 0.5).tolist() == [0, 0.25, 0.5]


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
    values = {p.name: p.low + 0.3 * (p.high - p.low) for p in PARAMETERS}
    control = encode(SPECS, values)
    assert decode(SPECS, control[: len(SPECS)]) == pytest.approx(values, abs=1e-6)
    beyond = decode(SPECS, np.full(len(SPECS), 9.0, np.float32))
    assert beyond == {p.name: p.high for p in PARAMETERS}


def test_a_change_fades_in_over_the_first_quarter() -> None:
    assert [strength(i) for i in (0.0, 0.125, 0.25, 1.0, 1.5)] == [0.0, 0.5, 1.0, 1.0, 1.0]


def test_what_is_drawn_is_not_asked_of_the_network() -> None:
    control = encode(SPECS, {"tears": 0.5, "brow_tilt_left": -1.0, "blush": 0.0, "mouth_open": 0.8})
    before = control.copy()
    asked, drawn = split(expression_vector(DRAWN), control)
    assert drawn == {"tears": 0.5, "brow_tilt_left": -1.0, "blush": 0.0}  # none of it is wanted too
    np.testing.assert_array_equal(asked, encode(SPECS, {"mouth_open": 0.8}))
    np.testing.assert_array_equal(control, before)


def test_what_is_wanted_is_what_is_set() -> None:
    control = encode(SPECS, {"tears": 0.0, "lid_upper_left": 0.0, "mouth_open": 0.5})
    assert wanted(expression_vector(), control) == {
        "tears": 0.0, "lid_upper_left": -1.0, "mouth_open": 0.5,
    }  # fmt: skip
    assert wanted(OneHot(), np.array([0, 1, 0], np.float32)) == {}


def test_a_network_that_leaves_nothing_is_asked_for_all() -> None:
    control = encode(SPECS, {"tears": 0.5, "mouth_open": 0.8})
    asked, drawn = split(expression_vector(), control)
    assert drawn == {}
    np.testing.assert_array_equal(asked, control)
    label = np.array([0, 1, 0], np.float32)
    asked, drawn = split(OneHot(), label)
    assert drawn == {}
    np.testing.assert_array_equal(asked, label)
