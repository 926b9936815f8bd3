"""Two processes over gloo do what one does with the same batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from trainer import checkpoint
from trainer.__main__ import main
from trainer.distributed import DeviceError, pick_device

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_two_processes_train_as_one(tiny: Path, drawn: Path, tmp_path: Path) -> None:
    tail = ["train", str(tiny), "--data", str(drawn), "--device", "cpu", "--steps", "8", "--out"]
    subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
            "--standalone", "-m", "trainer", *tail, str(tmp_path / "two"),
        ],
        cwd=ROOT, check=True, timeout=240, stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert main([*tail, str(tmp_path / "one")]) == 0

    # Losses are means over the processes: were rank 1's weights others than rank 0's, or the
    # gradients not shared, they would leave those of the lone process behind.
    one, two = (_stats(tmp_path / name) for name in ("one", "two"))
    assert [line["step"] for line in two] == list(range(1, 9))
    for a, b in zip(one, two, strict=True):
        for name in a.keys() - {"time", "pictures_per_second", "generator/left"}:
            assert b[name] == pytest.approx(a[name], rel=5e-3, abs=1e-4), (a["step"], name)
    saved = [checkpoint.load(tmp_path / name / checkpoint.FILE) for name in ("one", "two")]
    assert saved[0].pictures == saved[1].pictures == 32
    start = torch.cat([t.flatten() for t in _untrained(tiny).values()])
    ends = [torch.cat([t.flatten() for t in s.networks["generator"].values()]) for s in saved]
    assert (ends[0] - ends[1]).norm() < 0.05 * (ends[0] - start).norm()


def _stats(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "stats.jsonl").read_text().splitlines()]


def _untrained(tiny: Path) -> dict[str, torch.Tensor]:
    from trainer.methods.registry import build
    from trainer.recipe import read_recipe

    recipe = read_recipe(tiny)
    torch.manual_seed(recipe.seed)
    return dict(build(recipe).networks["generator"].state_dict())


def test_devices_by_name() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(DeviceError, match="auto, cpu"):
        pick_device("abacus")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_missing_device_is_named() -> None:
    with pytest.raises(DeviceError, match="usable: cpu"):
        pick_device("cuda")
