"""The method cel: its phases, its loss, and that it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from trainer.data.dataset import DatasetError
from trainer.methods.cel import CelMethod
from trainer.recipe import Recipe, RecipeError, read_recipe

TINY: dict[str, Any] = {
    "name": "tiny",
    "method": "cel",
    "size": 32,
    "batch": 4,
    "steps": 10,
    "learning_rate": 3e-3,
    "network": {
        "widths": (16, 16, 16, 16, 16),
        "mapping": 16,
        "colours": 4,
        "discriminator_width": 4,
        "discriminator_layers": 2,
    },
}
GAME = {"adversarial": 0.1, "matching": 1.0, "vector": 0.5, "adversarial_from": 0.5}


def method(**changes: Any) -> CelMethod:
    torch.manual_seed(0)
    return CelMethod(Recipe.model_validate(TINY | changes))


@pytest.mark.parametrize("name", ["expression_small", "expression_reference"])
def test_recipes_that_come_along_build(name: str) -> None:
    built = CelMethod(read_recipe(name))
    assert built.generator.size == 256
    assert built.ema == ("generator",)


def test_the_loss_is_the_weighted_sum_of_its_terms(drawn: Path) -> None:
    weights = {"change": 2.0, "rest": 0.5, "coarse": 0.0, "lines": 3.0, "paint": 0.0}
    weights |= {"warped": 0.0, "restraint": 0.7, "mask": 0.0, "roughness": 0.0}
    built = method(weights=weights)
    loss, figures = built.paired_loss(built.source(drawn).batch(0, 0, 1))
    expected = sum(weight * figures[name] for name, weight in weights.items())
    torch.testing.assert_close(loss, expected)


def test_an_untouched_picture_leaves_all_of_the_error(drawn: Path) -> None:
    built = method()
    with torch.no_grad():
        built.generator.draw.bias[-4:] = -30.0
    _, figures = built.paired_loss(built.source(drawn).batch(0, 0, 1))
    assert figures["left"].item() == pytest.approx(1.0, abs=1e-3)


def test_the_discriminator_starts_late() -> None:
    built = method(weights=GAME)
    names = [[phase.name for phase in built.phases(step)] for step in (0, 4, 5, 9)]
    assert names == [["generator"]] * 2 + [["generator", "discriminator"]] * 2
    assert list(method().networks) == ["generator"]


def test_losses_reach_the_right_networks(drawn: Path) -> None:
    built = method(weights=GAME)
    batch = built.source(drawn).batch(0, 0, 1)
    built.phases(9)
    built.discriminator.requires_grad_(False)
    loss, figures = built.judged_loss(batch)
    loss.backward()
    assert {"adversarial", "matching", "vector", "left"} < set(figures)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in built.generator.parameters())
    built.discriminator.requires_grad_(True)
    built.generator.zero_grad()
    loss, figures = built.discriminator_loss(batch)
    loss.backward()
    assert {"true", "made", "vector"} == set(figures)
    assert all(p.grad is not None for p in built.discriminator.parameters())
    assert all(p.grad is None for p in built.generator.parameters())


def test_it_learns(drawn: Path) -> None:
    built = method()
    source = built.source(drawn)
    optimiser = built.optimisers["generator"]
    left = []
    for step in range(80):
        optimiser.zero_grad()
        loss, figures = built.paired_loss(source.batch(step, 0, 1))
        loss.backward()
        optimiser.step()
        left.append(figures["left"].item())
    assert sum(left[-10:]) < 0.8 * sum(left[:10])


def test_samples_show_five_columns(drawn: Path) -> None:
    built = method()
    with torch.no_grad():
        picture = built.samples(built.source(drawn).batch(0, 0, 1), built.networks)
    assert picture.shape == (4 * 32, 5 * 32, 3)
    assert picture.dtype == torch.uint8


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="--data"):
        method().source(None)
    with pytest.raises(RecipeError, match=r"network\.tagger"):
        method(weights={"perceptual": 1.0})
    with pytest.raises(RecipeError, match="no_such_term"):
        method(weights={"no_such_term": 1.0})
