"""Model repositories, whole and damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contract.card import CardError, WeightsMismatchError
from engines.repository import read_repository
from tests.engines.tiny_models import tiny_editor, write_model, write_repository


def test_models_are_read_by_name(tmp_path: Path) -> None:
    repository = read_repository(write_repository(tmp_path))
    assert list(repository.models) == ["expression", "finder"]
    assert repository.problems == {}
    assert repository.models["finder"].card.task == "find_faces"
    path = tmp_path / "finder" / "1" / "model.onnx"
    assert repository.models["finder"].weights() == path.read_bytes()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"card_version": 99}, "card version 99"),
        ({"name": "another"}, "name the folder after the model"),
        ({"version": 2}, "describes version 2, its folder holds version 1"),
        ({"task": "dance"}, "task"),
    ],
)
def test_a_wrong_card_is_a_problem_of_its_model_only(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    path = write_repository(tmp_path) / "expression" / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    repository = read_repository(tmp_path)
    assert list(repository.models) == ["finder"]
    assert told in repository.problems["expression"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"card_version": 1}'])
def test_a_corrupt_card_is_a_problem(tmp_path: Path, content: bytes) -> None:
    (write_repository(tmp_path) / "expression" / "card.json").write_bytes(content)
    repository = read_repository(tmp_path)
    assert list(repository.models) == ["finder"]
    assert "card.json" in repository.problems["expression"]


def test_a_folder_without_a_card_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "stray").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "README").write_text("not a model")
    assert list(read_repository(tmp_path).problems) == ["stray"]


def test_a_newer_version_than_the_card_is_a_problem(tmp_path: Path) -> None:
    (write_repository(tmp_path) / "finder" / "2").mkdir()
    assert "version 2 as its newest" in read_repository(tmp_path).problems["finder"]


def test_a_missing_repository_is_a_problem(tmp_path: Path) -> None:
    repository = read_repository(tmp_path / "gone")
    assert repository.models == {}
    assert "cannot be read" in repository.problems["gone"]


def test_weights_are_checked_against_the_card(tmp_path: Path) -> None:
    write_model(tmp_path, *tiny_editor())
    path = tmp_path / "expression" / "1" / "model.onnx"
    model = read_repository(tmp_path).models["expression"]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsMismatchError, match="export the model again"):
        model.weights()
    path.unlink()
    with pytest.raises(CardError, match="cannot be read"):
        model.weights()
