from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch

from benchmarks.networks import PARAMETERS, Stargan, main, stargan


def test_the_generator_is_the_published_one() -> None:
    card, weights = stargan()
    module = Stargan().eval()
    assert sum(weight.numel() for weight in module.parameters()) == PARAMETERS == 8_430_528
    session = ort.InferenceSession(weights, providers=["CPUExecutionProvider"])
    shapes = {tensor.name: (2, *tensor.shape[1:]) for tensor in card.inputs}
    given = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    (paint,) = session.run(None, given)
    assert paint.shape == (2, 3, 128, 128)
    torch.manual_seed(0)
    with torch.no_grad():
        same = Stargan()(*(torch.from_numpy(array) for array in given.values()))
    assert np.abs(same.numpy() - paint).max() < 1e-3


def test_the_domain_changes_the_picture() -> None:
    torch.manual_seed(0)
    image = torch.rand(1, 3, 16, 16).expand(2, -1, -1, -1)
    with torch.no_grad():
        one, other = Stargan(width=4, residuals=1)(image, torch.eye(5)[:2])
    assert (one - other).abs().max() > 1e-3


def test_both_are_timed_in_one_run(
    model_repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "there" / "networks.json"
    words = ["--model-repository", str(model_repository), "--threads", "1", "--repeats", "2"]
    assert main([*words, "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["stargan", "expression"]
    report = json.loads(out.read_text())
    theirs, ours = report["networks"]
    assert theirs["size"] == 128
    assert ours["name"] == "expression"
    assert report["times_as_fast"]["cpu"] == pytest.approx(theirs["cpu_ms"] / ours["cpu_ms"])
    assert report["times_as_fast"]["wall"] == pytest.approx(theirs["wall_ms"] / ours["wall_ms"])


def test_a_model_that_is_not_there_is_said(
    model_repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--model-repository", str(model_repository), "--model", "other"]) == 1
    assert "no model other; there are: expression, finder" in capsys.readouterr().err
