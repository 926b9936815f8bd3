"""The space of expressions: parameters, presets, intensity."""

from __future__ import annotations

import numpy as np
import pytest

from contract.expression import (
    CORE_EXPRESSIONS,
    DRAWN,
    EXPRESSIONS,
    HIGH,
    KEPT,
    LOW,
    NAMES,
    NEUTRAL,
    PARAMETERS,
    SIZE,
    IntensityError,
    UnknownExpressionError,
    UnknownParameterError,
    preset,
    served_presets,
    toward,
    vector,
)


def test_the_parameters_are_a_space() -> None:
    assert len(set(NAMES)) == len(PARAMETERS) == SIZE == 31
    assert (LOW < HIGH).all()
    assert (LOW <= NEUTRAL).all()
    assert (NEUTRAL <= HIGH).all()
    assert all(parameter.meaning for parameter in PARAMETERS)


def test_paired_parameters_have_two_sides_alike() -> None:
    by_name = {parameter.name: parameter for parameter in PARAMETERS}
    left = [parameter for parameter in PARAMETERS if parameter.name.endswith("_left")]
    assert len(left) == len([name for name in NAMES if name.endswith("_right")]) == 6
    for one in left:
        other = by_name[one.name.removesuffix("left") + "right"]
        assert (one.low, one.high, one.neutral) == (other.low, other.high, other.neutral)


def test_the_names_of_the_core() -> None:
    assert CORE_EXPRESSIONS == ("neutral", "happy", "sad", "crying", "angry", "surprised")


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_intensity_moves_away_from_neutral_and_stays_in_range(name: str) -> None:
    path = np.stack([preset(name, intensity) for intensity in np.linspace(0, 1.5, 31)])
    assert path.dtype == np.float32
    np.testing.assert_array_equal(path[0], NEUTRAL)
    np.testing.assert_allclose(preset(name, 1.0), preset(name), rtol=0)
    assert (path >= LOW).all()
    assert (path <= HIGH).all()
    assert (np.diff(np.abs(path - NEUTRAL), axis=0) >= 0).all()
    assert (path[20] != NEUTRAL).any() == (name != "neutral")


def test_the_presets_are_unlike() -> None:
    presets = np.stack([preset(name) for name in EXPRESSIONS])
    apart = np.linalg.norm(presets[:, None] - presets[None], axis=-1)
    assert apart[~np.eye(len(EXPRESSIONS), dtype=bool)].min() > 0.5


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_served_preset_leaves_alone_only_what_it_keeps(name: str) -> None:
    served = served_presets()[name]
    np.testing.assert_allclose(vector(served), preset(name), rtol=1e-6)
    assert set(NAMES) - set(served) <= set(KEPT)
    assert set(KEPT) < set(NAMES)


def test_what_is_drawn_is_brows_and_marks() -> None:
    sides = [f"brow_{way}_{s}" for way in ("height", "tilt", "bend") for s in ("left", "right")]
    assert sorted(DRAWN) == sorted([*sides, "tears", "blush", "sweat", "vein"])
    assert [name for name in NAMES if name in DRAWN] == list(DRAWN)


def test_a_vector_of_single_parameters() -> None:
    one = vector({"tears": 0.5, "lid_upper_left": 0})
    assert one[NAMES.index("tears")] == 0.5
    assert one[NAMES.index("lid_upper_left")] == 0
    assert (one != NEUTRAL).sum() == 2
    np.testing.assert_array_equal(vector(), NEUTRAL)
    one[:] = 7
    np.testing.assert_array_equal(vector(), NEUTRAL)


def test_toward_is_a_straight_line_until_it_is_clipped() -> None:
    target = vector({"blush": 0.8, "iris_size": 0.5})
    half, beyond = toward(target, 0.5), toward(target, 1.5)
    assert half[NAMES.index("blush")] == pytest.approx(0.4)
    assert half[NAMES.index("iris_size")] == pytest.approx(0.75)
    assert beyond[NAMES.index("blush")] == 1.0
    assert beyond[NAMES.index("iris_size")] == pytest.approx(0.3)


def test_an_unknown_expression_lists_the_known() -> None:
    with pytest.raises(UnknownExpressionError, match=r"hungry.*neutral, happy") as caught:
        preset("hungry")
    assert caught.value.known == EXPRESSIONS


def test_an_unknown_parameter_lists_the_known() -> None:
    with pytest.raises(UnknownParameterError, match=r"nose_length.*lid_upper_left") as caught:
        vector({"nose_length": 1.0})
    assert caught.value.known == NAMES


@pytest.mark.parametrize("intensity", [-0.1, 1.51, float("nan"), float("inf")])
def test_intensity_out_of_range_says_the_range(intensity: float) -> None:
    with pytest.raises(IntensityError, match=r"from 0 to 1\.5"):
        preset("happy", intensity)


@pytest.mark.parametrize("value", [-0.01, 1.31, float("nan")])
def test_a_parameter_out_of_range_says_its_range(value: float) -> None:
    with pytest.raises(IntensityError, match=r"lid_upper_left is .*; it goes from 0\.0 to 1\.3"):
        vector({"lid_upper_left": value})
