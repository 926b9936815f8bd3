from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pictures import encoded, scene

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(("most", "code"), [("1000", 0), ("-1", 1)])
def test_it_counts_answers_and_judges_the_growth(
    model_repository: Path, tmp_path: Path, most: str, code: int
) -> None:
    picture, out = tmp_path / "p.png", tmp_path / "endurance.json"
    picture.write_bytes(encoded(scene()))
    words = ["--picture", str(picture), "--model-repository", str(model_repository)]
    words += ["--requests", "120", "--most-growth", most, "--out", str(out)]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.endurance", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == code, run.stderr
    report = json.loads(out.read_text())
    statuses = report["statuses"]
    assert sum(statuses.values()) == 120
    assert statuses["200"] >= 40
    assert statuses["422"] >= 20
    assert len(report["resident_bytes"]) == 21
    assert "resident memory" in run.stdout
