"""The repository is never half written, and an old model stays until the new one is complete."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import export.repository
from contract.card import Card, Pixels, Provenance, Tensor, WeightsMismatchError, read_card
from engines.repository import read_repository
from export.repository import place


def _card(weights: bytes) -> Card:
    return Card(
        name="finder",
        task="find_faces",
        description="test",
        inputs=(Tensor(name="image", shape=(-1, 3, 8, 8)),),
        outputs=(Tensor(name="heat", shape=(-1, 1, 2, 2)),),
        pixels=Pixels(size=8),
        labels=("left_eye",),
        licence="Apache-2.0",
        provenance=Provenance(
            recipe="finder", data="drawn", seed=1, revision="abc", pictures_seen=2, libraries={}
        ),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
    )


def test_files_and_nothing_else(tmp_path: Path) -> None:
    folder = place(tmp_path, _card(b"one"), b"one")
    found = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert found == [
        "finder/1/model.onnx",
        "finder/card.json",
        "finder/config.pbtxt",
        "finder/configs/tensorrt.pbtxt",
    ]
    assert read_card(folder / "card.json") == _card(b"one")


def test_a_model_is_replaced(tmp_path: Path) -> None:
    place(tmp_path, _card(b"one"), b"one")
    place(tmp_path, _card(b"two"), b"two")
    assert (tmp_path / "finder/1/model.onnx").read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["finder"]


def test_wrong_weights_leave_the_old_model(tmp_path: Path) -> None:
    place(tmp_path, _card(b"one"), b"one")
    with pytest.raises(WeightsMismatchError):
        place(tmp_path, _card(b"two"), b"three")
    assert (tmp_path / "finder/1/model.onnx").read_bytes() == b"one"


def test_a_failed_write_leaves_the_old_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(tmp_path, _card(b"one"), b"one")

    def full(*_: object) -> str:
        raise OSError("no space left on device")

    monkeypatch.setattr(export.repository, "config", full)
    with pytest.raises(OSError, match="no space"):
        place(tmp_path, _card(b"two"), b"two")
    assert (tmp_path / "finder/1/model.onnx").read_bytes() == b"one"
    assert [p.name for p in tmp_path.iterdir()] == ["finder"]


def test_a_later_version_leaves_the_one_before_it(tmp_path: Path) -> None:
    place(tmp_path, _card(b"one"), b"one")
    for version, weights in ((2, b"two"), (3, b"three")):
        folder = place(tmp_path, _card(weights).model_copy(update={"version": version}), weights)
    assert sorted(p.name for p in folder.iterdir() if p.name.isdecimal()) == ["2", "3"]
    assert (folder / "2" / "model.onnx").read_bytes() == b"two"
    assert read_repository(tmp_path).models["finder"].weights() == b"three"


def test_a_later_version_with_other_tensors_stands_alone(tmp_path: Path) -> None:
    place(tmp_path, _card(b"one"), b"one")
    other = (Tensor(name="image", shape=(-1, 3, 16, 16)),)
    changes = {"version": 2, "inputs": other, "pixels": Pixels(size=16)}
    folder = place(tmp_path, _card(b"two").model_copy(update=changes), b"two")
    assert [p.name for p in folder.iterdir() if p.name.isdecimal()] == ["2"]
