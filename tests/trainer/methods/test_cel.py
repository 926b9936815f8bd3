"""The method cel: its phases, its loss, and that it learns."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import onnx
import onnx.helper
import onnx.numpy_helper
import pytest
import torch

from contract import expression
from trainer import checkpoint
from trainer.checkpoint import CheckpointError
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


@pytest.mark.parametrize(
    "name", ["expression_small", "expression_small_whole", "expression_reference"]
)
def test_recipes_that_come_along_build(name: str) -> None:
    built = CelMethod(read_recipe(name))
    assert built.generator.size == 256
    assert built.ema == ("generator",)


def test_the_loss_is_the_weighted_sum_of_its_terms(drawn: Path) -> None:
    weights = {"change": 2.0, "rest": 0.5, "coarse": 0.0, "lines": 3.0, "paint": 0.0}
    weights |= {"warped": 0.0, "restraint": 0.7, "mask": 0.0, "roughness": 0.0}
    weights |= {"movement": 1.5, "landmarks": 0.4, "brows": 0.2, "nose": 0.6}
    built = method(weights=weights)
    loss, figures = built.paired_loss(built.source(drawn).batch(0, 0, 1))
    expected = sum(weight * figures[name] for name, weight in weights.items())
    torch.testing.assert_close(loss, expected)


def test_an_untouched_picture_leaves_all_of_the_error(drawn: Path) -> None:
    built = method()
    bias = built.generator.draw.bias
    assert bias is not None
    with torch.no_grad():
        bias[-4:] = -30.0
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
    assert {"told_apart", "vector"} == set(figures)
    assert all(p.grad is not None for p in built.discriminator.parameters())
    assert all(p.grad is None for p in built.generator.parameters())


def test_it_learns(drawn: Path) -> None:
    """Four pairs by heart: most of what was wrong with them goes. They are bars without brows."""
    built = method(weights={"brows": 0.0, "movement": 0.0})
    batch = built.source(drawn).batch(0, 0, 1)
    optimiser = built.optimisers["generator"]
    left = []
    for _ in range(140):
        optimiser.zero_grad()
        loss, figures = built.paired_loss(batch)
        loss.backward()
        optimiser.step()
        left.append(figures["left"].item())
    assert left[-1] < 0.5 * left[0]


COARSE = {"size": 32, "network": TINY["network"] | {"fine": False}}


def saved(run: Path, built: CelMethod, factor: float = 1.0) -> Path:
    """A run as the loop leaves it, whose average is `factor` times the network."""
    state = built.generator.state_dict()
    average = {name: tensor * factor for name, tensor in state.items()}
    run.mkdir()
    checkpoint.save(
        run / checkpoint.FILE,
        checkpoint.Checkpoint(
            step=1,
            networks={name: net.state_dict() for name, net in built.networks.items()},
            ema={"generator": average},
            optimisers={},
            recipe=built.recipe.model_dump(),
            pictures=4,
            seconds=1.0,
        ),
    )
    return run


def test_a_fine_run_begins_where_the_coarse_one_ended(tmp_path: Path) -> None:
    coarse = method(**COARSE)
    torch.nn.init.normal_(coarse.generator.place)
    run = saved(tmp_path / "coarse", coarse, factor=0.5)
    built = method(size=64, network=TINY["network"] | {"start": run})
    assert built.origins == (run,)
    before = built.generator.place.clone()
    built.begin()
    after = built.generator.place
    assert not torch.equal(after, before)
    assert torch.equal(after, coarse.generator.place * 0.5)  # the average, not the last


def test_the_discriminator_goes_on_too(tmp_path: Path) -> None:
    first = method(weights=GAME)
    run = saved(tmp_path / "judged", first)
    torch.manual_seed(1)
    built = CelMethod(
        Recipe.model_validate(TINY | {"weights": GAME, "network": TINY["network"] | {"start": run}})
    )
    known = first.discriminator.state_dict()
    assert any(not torch.equal(t, known[n]) for n, t in built.discriminator.state_dict().items())
    built.begin()
    for name, value in built.discriminator.state_dict().items():
        assert torch.equal(value, known[name]), name
    plain = method(network=TINY["network"] | {"start": run})
    plain.begin()  # no game, no discriminator to fill
    wider = TINY["network"] | {"start": run, "discriminator_width": 8}
    with pytest.raises(RecipeError, match="discriminator"):
        method(weights=GAME, network=wider).begin()


def test_an_exported_model_is_gone_on_from(tmp_path: Path) -> None:
    first = method(size=64)
    torch.nn.init.normal_(first.generator.place)
    model = tmp_path / "shipped"
    (model / "1").mkdir(parents=True)
    (model / "card.json").write_text("{}")
    graph = onnx.helper.make_graph(
        [],
        "g",
        [],
        [],
        [
            onnx.numpy_helper.from_array(tensor.numpy(), f"network.{name}")
            for name, tensor in first.generator.state_dict().items()
        ],
    )
    onnx.save(onnx.helper.make_model(graph), model / "1" / "model.onnx")
    torch.manual_seed(1)
    built = CelMethod(
        Recipe.model_validate(TINY | {"size": 64, "network": TINY["network"] | {"start": model}})
    )
    built.begin()
    for name, tensor in built.generator.state_dict().items():
        assert torch.equal(tensor, first.generator.state_dict()[name]), name
    (model / "1" / "model.onnx").unlink()
    with pytest.raises(RecipeError, match="no exported model"):
        built.begin()


def test_a_run_that_cannot_be_gone_on_from(tmp_path: Path) -> None:
    run = saved(tmp_path / "coarse", method(**COARSE))
    with pytest.raises(RecipeError, match=r"network\.start.*cannot refine"):
        method(size=32, network=TINY["network"] | {"start": run}).begin()
    wider = TINY["network"] | {"widths": (16, 16, 16, 16, 32), "start": run}
    with pytest.raises(RecipeError, match=r"network\.start.*other widths"):
        method(size=64, network=wider).begin()
    with pytest.raises(CheckpointError, match="elsewhere"):
        method(size=64, network=TINY["network"] | {"start": tmp_path / "elsewhere"}).begin()


def test_middles_of_crops_are_learnt_from(drawn: Path) -> None:
    batch = method(data={"window": 32}).source(drawn).batch(0, 0, 1)
    wide = method(size=96)  # for it, the same pictures are middles
    loss, _ = wide.paired_loss(batch)
    loss.backward()
    assert wide.generator.place.grad is not None
    assert wide.generator.place.grad[..., 1, 1].any()
    assert not wide.generator.place.grad[..., 0, :].any()
    with pytest.raises(RecipeError, match=r"data\.window is 16"):
        method(data={"window": 16}).source(drawn)


def test_brows_and_marks_may_be_left_to_be_drawn(drawn: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(drawn, kept)
    description = json.loads((kept / "dataset.json").read_text())
    description["notes"]["keep_drawn"] = 1
    (kept / "dataset.json").write_text(json.dumps(description))
    unset = [expression.INDEX[name] for name in expression.DRAWN]
    for keep in (False, True):
        built = method(data={"keep_drawn": keep, "identity": 1.0, "set_more": 1.0})
        assert built.drawn == (expression.DRAWN if keep else ())
        source = built.source(kept)
        chosen = torch.cat([source.batch(step, 0, 1)["control"][:, 31:] for step in range(4)])
        assert bool(chosen[:, unset].any()) is not keep
        assert chosen.any()


def test_pairs_that_differ_in_what_is_left_to_be_drawn_are_refused(drawn: Path) -> None:
    with pytest.raises(DatasetError, match="drawn without --keep-drawn"):
        method(data={"keep_drawn": True}).source(drawn)


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
