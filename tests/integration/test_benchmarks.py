"""The benchmark of the gateway with its models in a real Triton."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.triton_server import ROOT

pytestmark = pytest.mark.integration


def test_one_run_has_all_engines(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    words = ["--triton", "--model-repository", str(ROOT / "model_repository")]
    words += ["--seconds", "4", "--callers", "2", "--out", str(out)]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(out.read_text())
    embedded, *tritons = report["levels"]
    assert embedded["engine"] == "embedded"
    assert [level["engine"] for level in tritons] == ["triton", "triton-shm"]
    assert embedded["errors"] == embedded["triton_cpu_ms"] == 0
    for triton in tritons:
        assert triton["errors"] == 0
        assert triton["triton_cpu_ms"] > 0
        together = triton["gateway_cpu_ms"] + triton["triton_cpu_ms"]
        for name in ("edit", "models"):
            found = next(
                f for f in report["in_process"][name] if f["pictures_per_second"] == triton[name]
            )
            assert triton[f"cpu_share_of_{name}"] == pytest.approx(found["cpu_ms"] / together)
        peaks = report["peak_resident_bytes"][triton["engine"]]
        assert set(peaks) == {"gateway", "triton"}
        assert triton["engine"] in run.stdout
