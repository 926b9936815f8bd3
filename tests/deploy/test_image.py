"""The Dockerfile: its style, and that the files it copies are enough for what it starts."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from export.tensorrt import IMAGE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text()
HADOLINT = Path(sys.executable).with_name("hadolint")


def target(name: str) -> str:
    """The lines of one target."""
    found = re.search(rf"^FROM .* AS {name}\n(.*?)(?=^FROM |\Z)", TEXT, re.M | re.S)
    assert found is not None
    return found[1]


def copied(name: str) -> list[str]:
    """What a target copies from the repository."""
    lines = re.findall(r"^COPY (?:--\S+ )*(.+) \S+$", target(name), re.M)
    return [path for line in lines for path in line.split()]


def test_hadolint_is_content() -> None:
    told = subprocess.run(
        [HADOLINT, "--failure-threshold=info", ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize("name", ["gateway", "trainer", "triton"])
def test_a_target_is_started_as_a_user_and_gets_signals_itself(name: str) -> None:
    lines = target(name)
    (user,) = re.findall(r"^USER (\d+):\d+$", lines, re.M)
    assert int(user) > 0
    (entry,) = re.findall(r"^ENTRYPOINT (.+)$", lines, re.M)
    assert json.loads(entry)[0] in ("python", "tritonserver")
    assert re.search(r"^HEALTHCHECK ", lines, re.M)


def test_bases_have_a_tag_and_triton_is_the_one_that_builds_plans() -> None:
    tags = dict(re.findall(r"^ARG (\w+)=(.+)$", TEXT, re.M))
    assert f"nvcr.io/nvidia/tritonserver:{tags['TRITON']}" == IMAGE
    assert re.fullmatch(r"3\.11\.\d+-slim-bookworm", tags["PYTHON"])
    others = [image for image in re.findall(r"^FROM (\S+)", TEXT, re.M) if image != "base"]
    assert all(re.search(r":\$\{\w+\}$", image) for image in others)


@pytest.mark.parametrize("name", ["base", "gateway", "trainer", "triton"])
def test_what_is_copied_is_not_ignored(name: str) -> None:
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")
    }
    paths = copied(name)
    assert paths
    assert set(paths) <= allowed
    assert all((ROOT / path).exists() for path in paths)


@pytest.mark.parametrize(
    ("name", "module"), [("gateway", "serving.__main__"), ("trainer", "trainer.__main__")]
)
def test_the_files_of_an_image_are_enough(name: str, module: str, tmp_path: Path) -> None:
    for path in copied(name):
        shutil.copytree(ROOT / path, tmp_path / path)
    # Our own packages may be installed: they must not stand in for what the image lacks.
    program = f"""
import runpy, sys
sys.meta_path = [f for f in sys.meta_path if "__editable__" not in getattr(f, "__module__", "")]
sys.path = [{str(tmp_path)!r}] + [p for p in sys.path if p not in ("", {str(ROOT)!r})]
sys.argv = ["x", "--help"]
runpy.run_module({module!r}, run_name="__main__")
"""
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "usage" in told.stdout
