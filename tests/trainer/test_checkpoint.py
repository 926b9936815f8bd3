"""Checkpoint files: whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from trainer import checkpoint
from trainer.__main__ import main
from trainer.methods import registry

STATE = checkpoint.Checkpoint(
    step=7,
    networks={"net": {"weight": torch.arange(3.0)}},
    ema={},
    optimisers={"net": {"state": {0: {"step": torch.tensor(7.0)}}, "param_groups": []}},
    recipe={"name": "x", "betas": [0.5, 0.9], "minutes": None},
    pictures=70,
    seconds=1.5,
)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "run" / "c.pt", STATE)
    loaded = checkpoint.load(tmp_path / "run" / "c.pt")
    assert torch.equal(loaded.networks["net"]["weight"], torch.arange(3.0))
    assert replace(loaded, networks={}, optimisers={}) == replace(STATE, networks={}, optimisers={})
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["c.pt"]


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    checkpoint.save(path, STATE)
    with pytest.raises(Exception, match="pickle"):
        checkpoint.save(path, replace(STATE, step=8, recipe={"f": lambda: None}))
    assert checkpoint.load(path).step == 7


@pytest.mark.parametrize("damage", ["missing", "short", "text", "version", "fields"])
def test_what_cannot_be_used_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "c.pt"
    if damage == "version":
        checkpoint.save(path, replace(STATE, version=99))
    elif damage == "fields":
        torch.save({"version": checkpoint.CHECKPOINT_VERSION}, path)
    elif damage != "missing":
        checkpoint.save(path, STATE)
        path.write_bytes(path.read_bytes()[:200] if damage == "short" else b"no checkpoint")
    with pytest.raises(checkpoint.CheckpointError, match=r"c\.pt") as caught:
        checkpoint.load(path)
    assert "weights_only" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 120


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(checkpoint.CheckpointError, match="cannot be read: Is a directory"):
        checkpoint.load(tmp_path)


def test_weights_of_another_network_are_named() -> None:
    with pytest.raises(checkpoint.CheckpointError, match="the judge does not fit"):
        checkpoint.fill(nn.Linear(2, 2), {"weight": torch.zeros(3)}, "the judge")


def test_a_trained_run_gives_its_averages(tiny: Path, drawn: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = ["train", str(tiny), "--data", str(drawn), "--out", str(run), "--device", "cpu"]
    assert main(command) == 0
    saved = checkpoint.load(run / checkpoint.FILE)
    method = registry.trained(run)
    assert method.recipe.name == "tiny"
    for name, kept in (("generator", saved.ema), ("discriminator", saved.networks)):
        network = method.networks[name]
        assert not network.training
        for key, tensor in network.state_dict().items():
            assert torch.equal(tensor, kept[name][key])
    key = "transformation.last.weight"
    assert not torch.equal(saved.ema["generator"][key], saved.networks["generator"][key])
    del saved.networks["discriminator"]
    checkpoint.save(run / checkpoint.FILE, saved)
    with pytest.raises(checkpoint.CheckpointError, match="no network discriminator"):
        registry.trained(run)
