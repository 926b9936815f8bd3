"""Nothing that a gateway has accepted is lost when something goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.triton_server import ROOT
from tests.pictures import encoded, scene

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def run(repository: Path, folder: Path, *words: str) -> list[dict[str, Any]]:
    """What became of everything, by fault; exit code 0 says that nothing was lost."""
    picture, out = folder / "p.png", folder / "faults.json"
    picture.write_bytes(encoded(scene()))
    places = ["--picture", str(picture), "--model-repository", str(repository), "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", *places, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "accepted and lost: 0" in done.stdout
    rows: list[dict[str, Any]] = json.loads(out.read_text())
    for row in rows:
        assert row["lost"] == []
        assert row["sent"] == row["accepted"] + row["refused"] + row["unheard"]
    return rows


def test_triton_killed_ten_times_under_load(repository: Path, tmp_path: Path) -> None:
    asked, lines = run(repository, tmp_path, "--only", "triton", "--times", "10", "--callers", "8")
    assert asked["answered"] >= 10 * 8
    assert asked["unheard"] == 0
    assert asked["given_back"] > 0  # so it was away, and callers were told
    assert lines["answered"] == lines["accepted"] == 20


def test_callers_who_hang_up(model_repository: Path, tmp_path: Path) -> None:
    words = ["--only", "hang-up", "--times", "60", "--callers", "4"]
    stay, leave = run(model_repository, tmp_path, *words)
    assert stay["answered"] > 4
    assert stay["hung_up"] == stay["given_back"] == stay["unheard"] == 0
    assert leave["hung_up"] > 0
    assert leave["sent"] == 60


def test_sigterm_under_load(model_repository: Path, tmp_path: Path) -> None:
    words = ["--only", "sigterm", "--times", "2", "--callers", "16"]
    (asked,) = run(model_repository, tmp_path, *words)
    assert asked["answered"] >= 2 * 16
    assert asked["refused"] > 0
    assert asked["given_back"] == 0


def test_a_disk_that_is_full_to_the_last_byte(model_repository: Path, tmp_path: Path) -> None:
    words = ["--only", "disk", "--times", "1", "--callers", "1"]
    lines, asked = run(model_repository, tmp_path, *words)
    assert lines["answered"] == lines["accepted"] > 0
    assert lines["refused"] > 4  # when half was used, and when all was
    assert asked["answered"] == asked["sent"] > 0
