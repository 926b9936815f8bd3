"""Runs of every exported method, end to end with a few channels: ONNX, card, config, refusals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from contract import expression
from contract.card import ExpressionVector, check_weights, read_card
from contract.control import control_for
from contract.labels import ATTRIBUTES, LANDMARKS, TAGS
from export.__main__ import main
from trainer import checkpoint
from trainer.data.dataset import Labels, Writer
from trainer.methods import registry
from trainer.metrics.editors import ExportedEditor, TrainedEditor
from trainer.recipe import recipe_from

NETWORKS = {
    "cel": (32, {"widths": [16, 16, 16, 16, 16], "blocks": [1, 1, 1], "mapping": 8}),
    "decoder_control": (
        16,
        {"width": 4, "mapping": 8, "information": 8, "discriminator_width": 4,
         "discriminator_layers": 2, "control": "vector"},
    ),
    "finder": (32, {"widths": [8, 8, 8, 8, 8]}),
    "reader": (32, {"widths": [8, 8, 16, 16]}),
    "judge": (32, {"widths": [8, 8, 16, 16]}),
}  # fmt: skip
OUTPUTS = {
    "cel": {
        "paint": (3, 32, 32),
        "mask": (1, 32, 32),
        "displacement": (2, 32, 32),
        "landmarks": (2, 27, 2),
    },
    "decoder_control": {"paint": (3, 16, 16), "mask": (1, 16, 16)},
    "finder": {"heat": (1, 8, 8), "box": (4, 8, 8), "landmarks": (30, 8, 8)},
    "reader": {"vector": (31,), "expression": (14,), "attributes": (8,)},
}


def _run(folder: Path, method: str, **sections: object) -> Path:
    """A run of `method` as training leaves it, its average other than its network; `sections` are
    further ones of its recipe."""
    size, network = NETWORKS[method]
    settings = {
        "name": "tiny", "method": method, "size": size, "batch": 4, "steps": 10,
        "learning_rate": 1e-3, "seed": 5, "network": network, **sections,
    }  # fmt: skip
    if method == "decoder_control":
        settings["weights"] = {"contextual": 0.0}
    recipe = recipe_from(settings, "test")
    torch.manual_seed(1)
    built = registry.build(recipe)
    networks = {name: network.state_dict() for name, network in built.networks.items()}
    torch.manual_seed(2)
    other = registry.build(recipe)
    with torch.no_grad():  # heads start at zero, and zeros would agree with anything
        for parameter in other.networks[built.ema[0]].parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    checkpoint.save(
        folder / checkpoint.FILE,
        checkpoint.Checkpoint(
            step=10,
            networks=networks,
            ema={built.ema[0]: other.networks[built.ema[0]].state_dict()},
            optimisers={},
            recipe=recipe.model_dump(mode="json"),
            pictures=40,
            seconds=1.0,
        ),
    )
    return folder


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """A data set of two characters of 64 px."""
    random = np.random.default_rng(0)
    with Writer(tmp_path / "drawn", views=2, size=64) as writer:
        for seed in range(2):
            writer.append(
                random.integers(0, 256, (2, 64, 64, 3), np.uint8),
                Labels(
                    vectors=np.stack([expression.NEUTRAL] * 2),
                    presets=np.zeros(2, np.int64),
                    landmarks=np.zeros((2, len(LANDMARKS), 2), np.float32),
                    attributes=np.zeros((2, len(ATTRIBUTES)), np.float32),
                    hair=np.asarray(0),
                    eyes=np.asarray(0),
                    tags=np.zeros((2, len(TAGS)), np.uint8),
                    seeds=np.asarray(seed),
                ),
            )
    return tmp_path / "drawn"


@pytest.mark.parametrize("method", ["cel", "decoder_control", "finder", "reader"])
def test_export(
    method: str, tmp_path: Path, drawn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _run(tmp_path / "run", method)
    to = tmp_path / "repository"
    assert main([str(run), "--repository", str(to), "--name", "net", "--data", str(drawn)]) == 0
    assert "agree" in capsys.readouterr().out
    card = read_card(to / "net" / "card.json")
    weights = (to / "net" / "1" / "model.onnx").read_bytes()
    check_weights(card, weights)
    assert {t.name: t.shape[1:] for t in card.outputs} == OUTPUTS[method]
    assert card.provenance.pictures_seen == 40
    assert card.provenance.seed == 5
    size = card.pixels.size
    session = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
    image = np.random.default_rng(1).uniform(-1, 1, (2, 3, size, size)).astype(np.float32)
    feed = {"image": image}
    if card.task == "edit_expression":
        assert isinstance(card.control, ExpressionVector)
        assert card.control.presets == expression.served_presets()
        feed["control"] = np.stack([control_for(card, "angry"), control_for(card, "smug", 0.5)])
    found = session.run(None, feed)
    average = checkpoint.load(run / checkpoint.FILE).ema
    network = registry.trained(run).networks[next(iter(average))]
    with torch.no_grad():
        wanted = network(*(torch.from_numpy(value) for value in feed.values()))
    if method == "finder":
        wanted = (torch.sigmoid(wanted[0]), *wanted[1:])
        assert 0 <= found[0].min() <= found[0].max() <= 1
    if method == "reader":
        wanted = (wanted[0], torch.softmax(wanted[1], 1), torch.sigmoid(wanted[2]))
        assert card.attributes == ATTRIBUTES
        assert card.labels == expression.EXPRESSIONS
    for one, two in zip(found, wanted, strict=True):
        assert np.allclose(one, two.numpy(), atol=1e-4)


def test_no_control_no_change_for_the_served_network(tmp_path: Path) -> None:
    to = tmp_path / "repository"
    assert main([str(_run(tmp_path / "run", "cel")), "--repository", str(to)]) == 0
    editor = ExportedEditor(to / "expression")
    picture = torch.rand(2, 3, 32, 32) * 2 - 1
    same = editor(picture, torch.zeros(2, 2 * expression.SIZE))
    assert torch.allclose(same, picture, atol=1e-5)
    control = torch.from_numpy(np.stack([control_for(editor.card, "crying")] * 2))
    changed = editor(picture, control)
    assert float((changed - picture).abs().max()) > 0.01
    assert torch.allclose(changed, TrainedEditor(tmp_path / "run")(picture, control), atol=1e-3)


@pytest.mark.parametrize("keep_drawn", [False, True])
def test_the_card_says_what_is_left_to_be_drawn(tmp_path: Path, keep_drawn: bool) -> None:
    run = _run(tmp_path / "run", "cel", data={"keep_drawn": keep_drawn})
    assert main([str(run), "--repository", str(tmp_path / "to")]) == 0
    control = read_card(tmp_path / "to" / "expression" / "card.json").control
    assert isinstance(control, ExpressionVector)
    assert control.drawn == (expression.DRAWN if keep_drawn else ())


def test_two_processes_write_the_same_files(tmp_path: Path) -> None:
    run = _run(tmp_path / "run", "cel")
    here, there = tmp_path / "here", tmp_path / "there"
    assert main([str(run), "--repository", str(here), "--half"]) == 0
    done = subprocess.run(
        [sys.executable, "-m", "export", str(run), "--repository", str(there), "--half"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    files = [p.relative_to(here) for p in sorted(here.rglob("*")) if p.is_file()]
    assert len(files) == 4
    for file in files:
        assert (here / file).read_bytes() == (there / file).read_bytes()
        assert str(tmp_path).encode() not in (here / file).read_bytes()


def test_beyond_the_tolerance_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _run(tmp_path / "run", "finder")
    to = tmp_path / "repository"
    assert main([str(run), "--repository", str(to), "--tolerance", "1e-12"]) == 2
    assert "more than 1.0e-12" in capsys.readouterr().err
    assert not to.exists()


def test_quality_comes_from_an_evaluation(tmp_path: Path) -> None:
    report = tmp_path / "evaluation.json"
    report.write_text(json.dumps({"measured_by": "the command", "figures": {"error_share": 0.4}}))
    run = _run(tmp_path / "run", "finder")
    to = tmp_path / "repository"
    assert main([str(run), "--repository", str(to), "--quality", str(report)]) == 0
    (figure,) = read_card(to / "finder" / "card.json").quality
    assert (figure.name, figure.value, figure.measured_by) == ("error_share", 0.4, "the command")


def test_the_next_version_leaves_the_one_before_it(tmp_path: Path) -> None:
    run = _run(tmp_path / "run", "finder")
    to = tmp_path / "repository"
    for version in (1, 2):
        assert main([str(run), "--repository", str(to), "--next-version"]) == 0
        assert read_card(to / "finder" / "card.json").version == version
    held = sorted(p.name for p in (to / "finder").iterdir() if p.name.isdecimal())
    assert held == ["1", "2"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "No Name"], "small letters"),
        (["--quality", "missing.json"], "missing.json"),
        (["--data", "missing"], "missing"),
    ],
)
def test_bad_arguments_are_told(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _run(tmp_path / "run", "finder")
    assert main([str(run), "--repository", str(tmp_path / "to"), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "to").exists()


def test_what_no_task_serves_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = _run(tmp_path / "run", "judge")
    assert main([str(run), "--repository", str(tmp_path / "to")]) == 2
    assert "no task serves" in capsys.readouterr().err
    assert main([str(tmp_path / "nothing"), "--repository", str(tmp_path / "to")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_a_repository_that_is_a_file_and_damaged_notes_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _run(tmp_path / "run", "finder")
    (tmp_path / "file").touch()
    assert main([str(run), "--repository", str(tmp_path / "file")]) == 2
    assert str(tmp_path / "file") in capsys.readouterr().err
    (run / "provenance.json").write_text("{")
    assert main([str(run), "--repository", str(tmp_path / "to")]) == 2
    assert "provenance.json cannot be read" in capsys.readouterr().err
