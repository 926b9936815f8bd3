from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_one_run_prints_and_writes_every_figure(model_repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "watching.json"
    words = ["--side", "200", "--callers", "1", "--seconds", "2", "--out", str(out)]
    words += ["--model-repository", str(model_repository)]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.watching", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(out.read_text())
    assert report["body_bytes"] > 4 / 3 * 3 * 200**2
    assert set(report["edits"]) == {"200"}
    for told in (report["idle"], report["under_load"]):
        assert 0 < told["p50_ms"] <= told["p99_ms"] <= told["max_ms"]
    assert "/healthz under load: p50_ms" in run.stdout
