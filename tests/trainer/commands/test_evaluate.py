"""The command: a run and a judge against held-out drawings, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from contract import expression
from contract.labels import ATTRIBUTES, LANDMARKS, TAGS
from trainer import checkpoint, provenance
from trainer.__main__ import main
from trainer.data.dataset import Labels, Writer
from trainer.methods import registry
from trainer.recipe import recipe_from

CORE = expression.CORE_EXPRESSIONS


def _draw(folder: Path, first: int, notes: dict[str, str | int | float] | None = None) -> Path:
    with Writer(folder, views=6, size=32, notes=notes) as writer:
        for seed in range(first, first + 2):
            writer.append(
                np.random.default_rng(seed).integers(0, 256, (6, 32, 32, 3), np.uint8),
                Labels(
                    vectors=np.stack([expression.preset(name) for name in CORE]),
                    presets=np.arange(6),
                    landmarks=np.zeros((6, len(LANDMARKS), 2), np.float32),
                    attributes=np.zeros((6, len(ATTRIBUTES)), np.float32),
                    hair=np.asarray(1),
                    eyes=np.asarray(2),
                    tags=np.zeros((6, len(TAGS)), np.uint8),
                    seeds=np.asarray(seed),
                ),
            )
    return folder


def _run(folder: Path, data: Path, method: str, network: dict[str, object]) -> Path:
    settings = {
        "name": "tiny", "method": method, "size": 16, "batch": 4, "steps": 1,
        "learning_rate": 1e-3, "network": network,
    }  # fmt: skip
    if method == "decoder_control":
        settings["weights"] = {"contextual": 0.0}
    recipe = recipe_from(settings, "test")
    torch.manual_seed(1)
    built = registry.build(recipe)
    checkpoint.save(
        folder / checkpoint.FILE,
        checkpoint.Checkpoint(
            step=1,
            networks={name: network.state_dict() for name, network in built.networks.items()},
            ema={},
            optimisers={},
            recipe=recipe.model_dump(mode="json"),
            pictures=4,
            seconds=1.0,
        ),
    )
    provenance.record(folder, data)
    return folder


@pytest.fixture
def training(tmp_path: Path) -> Path:
    """Drawings with the seeds 0 and 1."""
    return _draw(tmp_path / "training", 0)


@pytest.fixture
def held_out(tmp_path: Path) -> Path:
    """Drawings with the seeds 10 and 11."""
    return _draw(tmp_path / "held_out", 10)


@pytest.fixture
def editor(tmp_path: Path, training: Path) -> Path:
    """A run that was not trained at all."""
    network: dict[str, object] = {
        "width": 4, "mapping": 8, "information": 8, "discriminator_width": 4,
        "discriminator_layers": 2, "control": "one_hot",
    }  # fmt: skip
    return _run(tmp_path / "editor", training, "decoder_control", network)


@pytest.fixture
def judge(tmp_path: Path, training: Path) -> Path:
    """A judge that was not trained either."""
    return _run(tmp_path / "judge", training, "judge", {"widths": [8, 8, 16, 16]})


def test_a_report_is_written(editor: Path, judge: Path, held_out: Path) -> None:
    arguments = ["evaluate", str(editor), "--data", str(held_out), "--judge", str(judge)]
    assert main([*arguments, "--characters", "2", "--batch", "7", "--whole", "0"]) == 0
    content = json.loads((editor / "evaluation" / "evaluation.json").read_text())
    assert content["held_out_checked"] is True
    assert content["seeds"] == [10, 11]
    assert sum(pair["edits"] for pair in content["pairs"]) == 2 * 36
    assert np.sum(content["confusion"]["transfer"]["counts"]) == 2 * 30
    assert content["measured_by"] == (
        "python -m trainer evaluate editor --data held_out --judge judge --characters 2 --whole 0"
    )
    sheets = sorted(p.stem for p in (editor / "evaluation" / "sheets").iterdir())
    assert sheets == sorted([*CORE, "worst"])


def test_the_same_run_gives_the_same_report(editor: Path, held_out: Path, tmp_path: Path) -> None:
    reports = []
    for batch in ("5", "36"):
        out = tmp_path / batch
        arguments = ["evaluate", str(editor), "--data", str(held_out), "--characters", "1"]
        arguments += ["--whole", "0"]
        assert main([*arguments, "--batch", batch, "--out", str(out)]) == 0
        reports.append(json.loads((out / "evaluation.json").read_text())["figures"])
    assert reports[0].keys() == reports[1].keys()
    for name, value in reports[0].items():
        assert value == pytest.approx(reports[1][name], rel=1e-3)


def test_characters_are_drawn_again(editor: Path, judge: Path, held_out: Path) -> None:
    arguments = ["evaluate", str(editor), "--data", str(held_out), "--judge", str(judge)]
    assert main([*arguments, "--characters", "1", "--whole", "5"]) == 0
    folder = editor / "evaluation"
    content = json.loads((folder / "evaluation.json").read_text())
    assert content["resolution"]["characters"] == 1
    assert [way["edits"] for way in content["resolution"]["ways"]] == [6] * 4
    assert content["resolution"]["pixels_changed_outside_mask"] == 0
    assert content["figures"]["changed_outside_mask"] == 0
    assert {"error_share_256", "error_share_1024_enlarged"} <= set(content["figures"])
    assert content["intensity"]["angry"]["characters"] == 1
    assert "score_rises" in content["figures"]
    page = (folder / "evaluation.md").read_text()
    assert "| 1024 px | served |" in page
    assert "## Intensity" in page
    assert (folder / "sheets" / "resolution.png").exists()
    assert "parameters" not in content  # a model with labels has none


def test_single_parameters_are_measured(training: Path, held_out: Path, tmp_path: Path) -> None:
    network: dict[str, object] = {
        "width": 4, "mapping": 8, "information": 8, "discriminator_width": 4,
        "discriminator_layers": 2, "control": "vector",
    }  # fmt: skip
    editor = _run(tmp_path / "vector", training, "decoder_control", network)
    arguments = ["evaluate", str(editor), "--data", str(held_out)]
    assert main([*arguments, "--characters", "2", "--whole", "2"]) == 0
    content = json.loads((editor / "evaluation" / "evaluation.json").read_text())
    rows = content["parameters"]["rows"]
    assert {row["drawn"] + row["hidden"] for row in rows} == {2}
    assert {"mouth_open", "lid_upper", "gaze_x"} <= {row["parameter"] for row in rows}
    assert content["figures"]["parameter_error_share"] > 0
    assert "## Single parameters" in (editor / "evaluation" / "evaluation.md").read_text()


def test_what_cannot_be_drawn_again_is_left_out_and_told(
    editor: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = _draw(tmp_path / "old", 10, {"artist": "trainer.characters", "edition": 0})
    assert main(["evaluate", str(editor), "--data", str(old), "--characters", "1"]) == 0
    assert "without resolution, intensity and single parameters" in capsys.readouterr().err
    content = json.loads((editor / "evaluation" / "evaluation.json").read_text())
    assert "resolution" not in content
    assert "error_share" in content["figures"]


def _refused(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_training_seeds_are_refused(
    editor: Path, training: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(editor), "--data", str(training), "--characters", "1"]
    _refused(arguments, "draw characters with other seeds", capsys)


def test_more_characters_than_there_are(
    editor: Path, held_out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _refused([str(editor), "--data", str(held_out)], "1000 are asked for", capsys)


def test_a_run_in_the_wrong_place(
    editor: Path, judge: Path, held_out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(held_out)]
    _refused([str(judge), *data], "edits no pictures", capsys)
    _refused([str(editor), *data, "--judge", str(editor)], "give a run of judge", capsys)
    _refused(["--onnx", str(editor), *data], "--out", capsys)
    _refused(["--onnx", str(editor), *data, "--out", "o"], "cannot be read", capsys)


@pytest.mark.parametrize(
    "wrong",
    [("--characters", "0"), ("--characters", "-3"), ("--batch", "-1"), ("--batch", "0"),
     ("--whole", "-1")],
)  # fmt: skip
def test_counts_that_measure_nothing_are_refused(
    wrong: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(tmp_path), "--data", str(tmp_path), *wrong])
    assert ended.value.code == 2
    assert "give a whole number from" in capsys.readouterr().err


def test_what_the_machine_cannot_do_is_refused(
    editor: Path, held_out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = [str(editor), "--data", str(held_out), "--characters", "1", "--whole", "0"]
    _refused([*common, "--device", "abacus"], "unknown device", capsys)
    (tmp_path / "file").touch()
    _refused([*common, "--out", str(tmp_path / "file" / "out")], "Not a directory", capsys)


def test_damaged_notes_of_a_run_are_told(
    editor: Path, held_out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (editor / provenance.FILE).write_text("{")
    _refused([str(editor), "--data", str(held_out)], "provenance.json cannot be read", capsys)
