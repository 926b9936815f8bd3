"""The method decoder_control: its phases, its controls, and that it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from contract import expression
from trainer.methods.decoder_control import DecoderControl
from trainer.recipe import Recipe, RecipeError, read_recipe


def method(tiny: Path, **changes: dict[str, Any]) -> DecoderControl:
    recipe = read_recipe(tiny)
    content = recipe.model_dump()
    for section, values in changes.items():
        content[section] = content[section] | values
    torch.manual_seed(0)
    return DecoderControl(Recipe.model_validate(content))


def test_the_generator_moves_after_every_second_critic_step(tiny: Path) -> None:
    built = method(tiny)
    moves = [[phase.name for phase in built.phases(step)] for step in range(4)]
    assert moves == [["discriminator"], ["discriminator", "generator"]] * 2


@pytest.mark.parametrize("control", ["vector", "one_hot"])
def test_losses_reach_the_right_networks(tiny: Path, drawn: Path, control: str) -> None:
    built = method(tiny, network={"control": control})
    batch = built.source(drawn).batch(0, 0, 1)
    loss, figures = built.discriminator_loss(batch)
    loss.backward()
    assert set(figures) == {"critic", "classification", "penalty"}
    assert all(p.grad is not None for p in built.discriminator.parameters())
    assert all(p.grad is None for p in built.generator.parameters())
    loss, figures = built.generator_loss(batch)
    loss.backward()
    assert {"adversarial", "classification", "paired", "mask", "variation"} < set(figures)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in built.generator.parameters())


def test_the_loss_is_the_weighted_sum_of_its_terms(tiny: Path, drawn: Path) -> None:
    weights = {"classification": 2.0, "paired": 3.0, "mask": 0.5, "variation": 0.25}
    built = method(tiny, weights=weights)
    loss, figures = built.generator_loss(built.source(drawn).batch(0, 0, 1))
    expected = figures["adversarial"] + sum(w * figures[n] for n, w in weights.items())
    torch.testing.assert_close(loss, expected)


def test_one_hot_controls_name_the_target(tiny: Path, drawn: Path) -> None:
    built = method(tiny, network={"control": "one_hot"})
    batch = built.source(drawn).batch(0, 0, 1)
    seen: list[Tensor] = []
    built.generator.mapping.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    built.generator_loss(batch)
    assert seen[0].shape == (4, len(expression.EXPRESSIONS))
    assert seen[0].argmax(1).tolist() == batch["target_label"].tolist()
    assert seen[0].sum(1).tolist() == [1.0] * 4


def test_the_contextual_loss_compares_with_the_original(tiny: Path, drawn: Path) -> None:
    built = method(tiny, weights={"contextual": 0.1})
    built.frozen["features"] = _Pixels()
    _, figures = built.generator_loss(built.source(drawn).batch(0, 0, 1))
    assert figures["contextual"].item() > 0
    with torch.no_grad():
        last = built.generator.attention.body[-1]
        assert isinstance(last, nn.Conv2d)
        last.weight.zero_()
        batch = built.source(drawn).batch(0, 0, 1)
        original = built._contextual(batch["source"], batch["source"])
    assert original.item() == pytest.approx(0.0, abs=1e-2)


def test_without_features_the_recipe_says_what_to_do(
    tiny: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELMOOD_ASSETS", "")
    monkeypatch.setenv("CELMOOD_CACHE", str(tmp_path / "none"))
    with pytest.raises(RecipeError, match="CELMOOD_ASSETS"):
        method(tiny, weights={"contextual": 0.1}).source(drawn)


def test_it_learns_the_pairs(tiny: Path, drawn: Path) -> None:
    built = method(tiny, weights={"classification": 0.0, "mask": 0.0, "variation": 0.0})
    batch = built.source(drawn).batch(0, 0, 1)
    optimiser = torch.optim.Adam(built.generator.parameters(), 5e-3)
    lefts = []
    for _ in range(40):
        optimiser.zero_grad()
        _, figures = built.generator_loss(batch)
        figures["paired"].backward()
        optimiser.step()
        lefts.append(figures["left"].item())
    assert lefts[-1] < 0.7 * lefts[0]


def test_samples_show_five_columns(tiny: Path, drawn: Path) -> None:
    built = method(tiny)
    batch = built.source(drawn).batch(0, 0, 1)
    with torch.no_grad():
        picture = built.samples(batch, built.networks)
    assert picture.shape == (4 * 32, 5 * 32, 3)
    first = ((batch["source"][0] + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0)
    assert torch.equal(picture[:32, :32], first)


@pytest.mark.parametrize("name", ["decoder_control_small", "decoder_control_reference"])
def test_the_recipes_that_come_along_can_be_built(name: str) -> None:
    recipe = read_recipe(name)
    with torch.device("meta"):
        built = DecoderControl(recipe)
    assert set(built.networks) == {"generator", "discriminator"}


def test_the_reference_has_the_published_settings() -> None:
    recipe = read_recipe("decoder_control_reference")
    built_with = recipe.network
    assert (recipe.batch, recipe.steps, recipe.learning_rate) == (16, 200_000, 1e-4)
    assert (recipe.betas, recipe.schedule) == ((0.5, 0.999), "linear_half")
    assert (recipe.weights["contextual"], recipe.weights["classification"]) == (0.1, 1.0)
    assert (built_with["width"], built_with["mapping"], built_with["control"]) == (
        64, 512, "one_hot",
    )  # fmt: skip


def test_a_misspelt_weight_is_named(tiny: Path) -> None:
    with pytest.raises(RecipeError, match=r"weights\.contextal"):
        method(tiny, weights={"contextal": 1.0})


def test_a_size_that_the_discriminator_cannot_halve_is_named(tiny: Path) -> None:
    with pytest.raises(RecipeError, match="multiple of 64"):
        method(tiny, network={"discriminator_layers": 6})


class _Pixels(nn.Module):
    """Features that are the pixels, in blocks, so that the test needs no trained network."""

    def forward(self, image: Tensor) -> list[Tensor]:
        return [torch.nn.functional.pixel_unshuffle(image, 4)]
