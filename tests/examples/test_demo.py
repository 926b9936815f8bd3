from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from celmood import Box
from contract.expression import EXPRESSIONS
from examples.demo import draw_sheet
from tests.pictures import encoded, opened, scene, with_alpha

ROOT = Path(__file__).resolve().parents[2]
DEMO = [sys.executable, str(ROOT / "examples" / "demo.py")]


def demo(*words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*DEMO, *words], capture_output=True, text=True, timeout=timeout)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "maki.png"
    path.write_bytes(encoded(with_alpha(scene(400, 300, ((200, 150, 24),)))))
    return path


def gateways(folder: Path) -> list[int]:
    """Processes that serve the model repository `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"serving" in words and os.fsencode(folder) in words:
            found.append(int(entry.name))
    return found


def test_every_expression_and_a_sheet(
    model_repository: Path, picture: Path, tmp_path: Path
) -> None:
    words = ["--picture", str(picture), "--out", str(tmp_path / "out")]
    run = demo(*words, "--model-repository", str(model_repository))
    assert run.returncode == 0, run.stderr
    folder = tmp_path / "out" / "maki"
    names = {path.name for path in folder.iterdir()}
    assert names == {"sheet.png", *(f"maki-{name}.png" for name in EXPRESSIONS)}
    assert (opened((folder / "maki-angry.png").read_bytes()) != opened(picture.read_bytes())).any()
    with Image.open(folder / "sheet.png") as sheet:
        assert sheet.width > 5 * 420
        assert sheet.height > 3 * 420
    stages = re.findall(r"^(\w+) +[\d.]+ s", run.stdout, re.MULTILINE)
    assert stages == ["start", *EXPRESSIONS, "sheet", "total"]
    assert "decode" in run.stdout
    assert str(folder / "sheet.png") in run.stdout
    assert gateways(model_repository) == []


def test_chosen_expressions(model_repository: Path, picture: Path, tmp_path: Path) -> None:
    words = ["--picture", str(picture), "--out", str(tmp_path), "--expressions", "sad, angry"]
    assert demo(*words, "--model-repository", str(model_repository)).returncode == 0
    names = {path.name for path in (tmp_path / "maki").iterdir()}
    assert names == {"sheet.png", "maki-sad.png", "maki-angry.png"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--expressions", "agry"], "unknown expression 'agry'"),
        (["--picture", "no-such.png"], "no picture at no-such.png"),
    ],
)
def test_what_cannot_be_done(
    model_repository: Path, picture: Path, tmp_path: Path, words: list[str], told: str
) -> None:
    standard = ["--picture", str(picture), "--out", str(tmp_path / "out")]
    run = demo(*standard, "--model-repository", str(model_repository), *words)
    assert run.returncode == 1
    assert told in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "out").exists()
    assert gateways(model_repository) == []


def test_a_grey_of_sixteen_bits_is_no_white_sheet(tmp_path: Path) -> None:
    grey = np.asarray(Image.fromarray(scene()).convert("L"))
    places: dict[str, Path] = {}
    for name, pixels in (("deep", grey.astype(np.uint16) * 257), ("flat", grey)):
        places[name] = tmp_path / f"{name}.png"
        Image.fromarray(pixels).save(places[name])
    deep, flat = (
        np.asarray(draw_sheet({"one": place}, [Box(60, 40, 80, 80)])) for place in places.values()
    )
    assert np.array_equal(deep, flat)


def test_a_picture_without_a_face(model_repository: Path, tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.write_bytes(encoded(scene(faces=())))
    run = demo("--picture", str(path), "--model-repository", str(model_repository))
    assert run.returncode == 1
    assert "no face was found" in run.stderr
    assert gateways(model_repository) == []


def test_without_models_it_says_what_is_missing(picture: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    run = demo("--picture", str(picture), "--model-repository", str(tmp_path / "none"))
    assert run.returncode == 1
    assert "not ready" in run.stderr
    assert "edit_expression" in run.stderr
    assert gateways(tmp_path / "none") == []


def test_an_interrupt_stops_the_gateway(
    model_repository: Path, picture: Path, tmp_path: Path
) -> None:
    words = ["--picture", str(picture), "--out", str(tmp_path / "out")]
    run = subprocess.Popen(
        [*DEMO, *words, "--model-repository", str(model_repository)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline().startswith("start")
    assert gateways(model_repository)
    run.send_signal(signal.SIGINT)
    _, told = run.communicate(timeout=20)
    assert run.returncode == 130
    assert told == "interrupted\n"
    assert gateways(model_repository) == []


@pytest.mark.shipped
def test_the_shipped_picture_and_weights(tmp_path: Path) -> None:
    start = time.monotonic()
    run = demo("--out", str(tmp_path), timeout=120)
    assert run.returncode == 0, run.stderr
    with Image.open(ROOT / "examples" / "sprite.png") as sprite:
        assert min(sprite.size) >= 1024
        assert sprite.mode == "RGBA"
    before = opened((ROOT / "examples" / "sprite.png").read_bytes())
    for name in EXPRESSIONS:
        after = opened((tmp_path / "sprite" / f"sprite-{name}.png").read_bytes())
        assert after.shape == before.shape
        assert (after[..., 3] == before[..., 3]).all()
        if name != "neutral":
            assert (after != before).any(), name
    assert time.monotonic() - start < 60
