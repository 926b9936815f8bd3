"""Recipes: read, checked, and named when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from trainer.methods.registry import METHODS
from trainer.recipe import RECIPES, Options, RecipeError, read_recipe


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_recipes_that_come_along_are_read(path: Path) -> None:
    recipe = read_recipe(path.stem)
    assert recipe.name == path.stem
    assert recipe.method in METHODS


def test_a_file_of_ones_own(tiny: Path) -> None:
    recipe = read_recipe(tiny)
    assert (recipe.name, recipe.batch, recipe.network["width"]) == ("tiny", 4, 4)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("stepps = 3", "stepps"),
        ("accumulate = 0", "accumulate"),
        ("minutes = -5", "minutes"),
        ("minutes = inf", "minutes"),
        ("seed = 100000000000000", "seed"),
        ('precision = "fp8"', "precision"),
    ],
)
def test_what_does_not_fit_is_named(tiny: Path, line: str, named: str) -> None:
    tiny.write_text(line + "\n" + tiny.read_text())
    with pytest.raises(RecipeError, match=named):
        read_recipe(tiny)


def test_the_largest_seed_seeds_every_step(tiny: Path) -> None:
    tiny.write_text(f"seed = {2**32 - 1}\n" + tiny.read_text())
    seed = read_recipe(tiny).seed
    torch.manual_seed((seed * 1_000_003 + 10**9) * 1_009 + 1_000)  # as the loop does


def test_what_is_missing_is_named(tiny: Path) -> None:
    tiny.write_text(tiny.read_text().replace("batch = 4", ""))
    with pytest.raises(RecipeError, match=r"tiny\.toml: batch"):
        read_recipe(tiny)


def test_broken_toml_is_named(tiny: Path) -> None:
    tiny.write_text("size = [")
    with pytest.raises(RecipeError, match=r"tiny\.toml cannot be read"):
        read_recipe(tiny)


def test_an_unknown_recipe_lists_the_known() -> None:
    with pytest.raises(RecipeError, match="decoder_control_reference"):
        read_recipe("nothing")


def test_sections_are_checked_by_their_method(tiny: Path) -> None:
    class Weights(Options):
        paired: float

    recipe = read_recipe(tiny)
    with pytest.raises(RecipeError, match=r"weights\.contextual"):
        recipe.section("weights", Weights)
    alone = recipe.model_copy(update={"weights": {"paired": 2}})
    assert alone.section("weights", Weights).paired == 2.0
