"""The schedules that every method shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.methods.registry import build, method_class
from trainer.recipe import RecipeError, read_recipe


def factors(tiny: Path, steps: list[int], **changes: object) -> list[float]:
    recipe = read_recipe(tiny).model_copy(update=changes)
    method = build(recipe)
    return [method.schedule(step, 200) for step in steps]


def test_constant_then_linear_to_zero(tiny: Path) -> None:
    found = factors(tiny, [0, 99, 100, 150, 199, 200], schedule="linear_half")
    assert found == pytest.approx([1, 1, 1, 0.5, 0.01, 0])


def test_half_a_wave(tiny: Path) -> None:
    found = factors(tiny, [0, 50, 100, 200], schedule="cosine")
    assert found == pytest.approx([1, 0.853553, 0.5, 0], abs=1e-6)


def test_the_rate_rises_over_the_warm_up(tiny: Path) -> None:
    found = factors(tiny, [0, 4, 9, 150], schedule="constant", warmup=10)
    assert found == pytest.approx([0.1, 0.5, 1, 1])


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(RecipeError, match="decoder_control"):
        method_class("pix2pix")
