from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ceiling import measure_edits, measure_models, watch
from serving.pipeline import Pipeline
from serving.results import EditResult
from tests.pictures import encoded, scene

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "p.png"
    path.write_bytes(encoded(scene()))
    return path


def test_the_bare_models_do_the_runs_of_the_pipeline(model_repository: Path, picture: Path) -> None:
    work = watch(picture.read_bytes(), "angry", model_repository)
    assert [name for name, _ in work.runs] == ["finder", "finder", "expression"]
    found = measure_models(work, callers=2, run_threads=1, seconds=0.2)
    assert (found.callers, found.run_threads) == (2, 1)
    assert found.pictures_per_second > 1


def test_the_edit_in_this_process_is_the_one_of_the_gateway(
    model_repository: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = watch(picture.read_bytes(), "angry", model_repository)
    results: list[bytes] = []
    edit = Pipeline.edit

    def kept(pipeline: Pipeline, *given: Any) -> EditResult:
        result = edit(pipeline, *given)
        results.append(result.data)
        return result

    monkeypatch.setattr(Pipeline, "edit", kept)
    found = measure_edits(work, callers=2, run_threads=1, seconds=0.2)
    assert (found.callers, found.run_threads) == (2, 1)
    assert found.pictures_per_second > 0
    assert len(results) >= 3  # one before the clock starts, then each caller's
    assert set(results) == {work.result}


def test_one_run_prints_and_writes_every_figure(
    model_repository: Path, picture: Path, tmp_path: Path
) -> None:
    out = tmp_path / "bench.json"
    words = ["--picture", str(picture), "--model-repository", str(model_repository)]
    words += ["--seconds", "0.5", "--callers", "1,3", "--out", str(out)]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(out.read_text())
    assert [level["callers"] for level in report["levels"]] == [1, 3]
    for level in report["levels"]:
        assert level["engine"] == "embedded"
        assert level["requests"] > 0
        assert level["errors"] == 0
        assert level["p50_ms"] <= level["p95_ms"] <= level["p99_ms"]
        for name in ("edit", "models"):
            assert level[f"share_of_{name}"] == pytest.approx(
                level["pictures_per_second"] / level[name]
            )
            found = next(
                f for f in report["in_process"][name] if f["pictures_per_second"] == level[name]
            )
            assert level[f"cpu_share_of_{name}"] == pytest.approx(
                found["cpu_ms"] / level["gateway_cpu_ms"]
            )
        assert level["triton_cpu_ms"] == 0
        assert 0 < level["gateway_cpu"] < 1.2
        assert 0 < level["generator_cpu"] < 1.2
    assert 20e6 < report["peak_resident_bytes"]["embedded"]["gateway"] < 2e9
    assert "in one process, without HTTP:" in run.stdout
    assert re.search(r"edit \(.*\), 1 caller: [\d.]+ pictures/s, [\d.]+ CPU ms", run.stdout)
    assert re.search(r"models \(.*\), 1 caller: [\d.]+ pictures/s, [\d.]+ CPU ms", run.stdout)
    assert run.stdout.count("of edit") == run.stdout.count("of models") == 2
    assert re.search(r"peak resident memory, embedded: gateway \d+ MB", run.stdout)


def test_where_triton_is_missing_it_is_said_how_to_get_it(
    model_repository: Path, picture: Path, tmp_path: Path
) -> None:
    words = ["--picture", str(picture), "--model-repository", str(model_repository)]
    words += ["--seconds", "0.5", "--callers", "1", "--triton", "--out", str(tmp_path / "b.json")]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"CELMOOD_TRITON_PYTHON": str(tmp_path / "none")},
    )
    assert run.returncode == 1
    assert "`make triton`" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_picture_without_a_face_is_said(model_repository: Path, tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.write_bytes(encoded(scene(faces=())))
    words = ["--picture", str(path), "--model-repository", str(model_repository)]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "no face was found" in run.stderr
    assert "Traceback" not in run.stderr
