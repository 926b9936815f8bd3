"""bf16 only where the device has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from trainer.__main__ import main
from trainer.precision import has_bf16


@pytest.mark.parametrize(
    ("able", "expected"),
    [({"avx2": True}, False), ({"avx512_bf16": True}, True), ({"amx_bf16": True}, True)],
)
def test_a_processor_without_the_instructions(
    able: dict[str, bool], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert has_bf16(torch.device("cpu")) is expected


@pytest.mark.parametrize(("able", "precision"), [(False, "fp32"), (True, "bf16")])
def test_a_recipe_for_bf16_trains_in_what_the_device_has(
    able: bool,
    precision: str,
    tiny: Path,
    drawn: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("trainer.commands.train.has_bf16", lambda device: able)
    tiny.write_text('precision = "bf16"\n' + tiny.read_text())
    run = tmp_path / "run"
    command = ["train", str(tiny), "--data", str(drawn), "--out", str(run), "--steps", "1"]
    assert main([*command, "--device", "cpu"]) == 0
    assert json.loads((run / "recipe.json").read_text())["precision"] == precision
    assert ("fp32" in capsys.readouterr().err) is not able
