from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.heavy import heavy_repository
from engines.onnx_engine import OnnxEngine
from tests.pictures import encoded, scene

ROOT = Path(__file__).resolve().parents[2]


def test_a_heavy_editor_gives_the_same_picture(model_repository: Path, tmp_path: Path) -> None:
    heavy = OnnxEngine(heavy_repository(model_repository, tmp_path / "heavy", 0.1), threads=1)
    light = OnnxEngine(model_repository, threads=1)
    assert heavy.problems() == {}
    card = light.cards()["expression"]
    size, controls = card.pixels.size, card.inputs[1].shape[1]
    image = np.linspace(-1, 1, 3 * size * size, dtype=np.float32).reshape(1, 3, size, size)
    inputs = {"image": image, "control": np.ones((1, controls), np.float32)}
    before, after = (engine.run("expression", inputs) for engine in (light, heavy))
    for name, values in before.items():
        assert after[name] == pytest.approx(values, abs=1e-5)


@pytest.mark.slow
def test_one_run_prints_and_writes_every_figure(model_repository: Path, tmp_path: Path) -> None:
    picture, out = tmp_path / "p.png", tmp_path / "bench.json"
    picture.write_bytes(encoded(scene()))
    words = ["--picture", str(picture), "--model-repository", str(model_repository)]
    words += ["--seconds", "4", "--rush-seconds", "1", "--callers", "8", "--gflop", "0.2"]
    words += ["--levels", "1,3", "--out", str(out)]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.overload", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(out.read_text())
    assert [level["of_capacity"] for level in report["levels"]] == [1.0, 3.0]
    for level in report["levels"]:
        assert 0 < level["goodput"] <= level["offered"]
        assert 0 < level["generator_cpu"] < 1
        assert 0 < level["p50_ms"] <= level["p99_ms"] <= 5000
        assert level["failed"] == 0
        assert 0 < level["healthz_p99_ms"] <= level["healthz_max_ms"]
    rush = report["rush"]
    assert rush["answered"] > 0
    assert rush["failed"] == rush["without_retry_after"] == 0
    assert rush["edits"] >= rush["answered"]
    assert "goodput at the highest level" in run.stdout
    assert "callers at once who hang up after 2 s" in run.stdout
