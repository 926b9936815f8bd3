"""No import crosses a wall of the house; and a wall that is crossed is seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("contract", "engines", "faces", "trainer", "serving", "export")


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter with the project's own walls on the packages under `house`."""
    path = os.pathsep.join((str(house), str(house / "clients" / "python" / "src")))
    # Our own packages may be installed: they must not stand in for what the house lacks.
    program = f"""
import sys
sys.meta_path = [f for f in sys.meta_path if "__editable__" not in getattr(f, "__module__", "")]
sys.path = [p for p in sys.path if p not in {[str(ROOT), str(ROOT / "clients/python/src")]!r}]
sys.path[:0] = {path.split(os.pathsep)!r}
from importlinter.cli import lint_imports_command as run
run()
"""
    return subprocess.run(
        [sys.executable, "-c", program, "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        cwd=house,
        env=os.environ | {"PYTHONPATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """An empty house: the packages, and one module in each."""
    for package in (*FLOORS, "clients/python/src/celmood"):
        folder = tmp_path / package
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "room.py").touch()
    return tmp_path


def test_the_walls_stand() -> None:
    told = lint(ROOT)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "0 broken" in told.stdout


def test_an_empty_house_breaks_nothing(house: Path) -> None:
    told = lint(house)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("contract", "import engines.room"),
        ("contract", "import cv2"),
        ("engines", "from faces import room"),
        ("engines", "import torch"),
        ("faces", "import serving.room"),
        ("faces", "import onnxruntime"),
        ("serving", "import torch.nn"),
        ("serving", "from trainer import room"),
        ("serving", "import export.room"),
        ("trainer", "import serving.room"),
        ("trainer", "import export.room"),
        ("trainer", "import fastapi"),
        ("export", "import serving.room"),
        ("celmood", "import contract.room"),
        ("celmood", "import numpy"),
    ],
)
def test_a_crossing_is_seen(house: Path, package: str, line: str) -> None:
    folder = "clients/python/src/celmood" if package == "celmood" else package
    (house / folder / "room.py").write_text(f"def late() -> None:\n    {line}\n")
    told = lint(house)
    assert told.returncode == 1, told.stdout + told.stderr
    assert "BROKEN" in told.stdout
    assert f"{package}.room" in told.stdout


def test_a_crossing_through_another_package_is_seen(house: Path) -> None:
    (house / "faces" / "room.py").write_text("import engines.room\n")
    (house / "engines" / "room.py").write_text("import torch\n")
    told = lint(house)
    assert "faces.room" in told.stdout
    assert told.returncode == 1


def test_a_house_without_a_floor_is_no_house(house: Path) -> None:
    shutil.rmtree(house / "faces")
    assert lint(house).returncode != 0
