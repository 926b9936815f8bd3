"""Configurations anew from cards: all else stays as it is, and the shipped ones are up to date."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from export import configure
from tests.engines.tiny_models import write_repository

SHIPPED = Path(__file__).parents[2] / "model_repository"


def test_only_configurations_are_written(tmp_path: Path) -> None:
    repository = write_repository(tmp_path, editor_size=8, finder_size=64)
    before = {p: p.read_bytes() for p in repository.rglob("*") if p.is_file()}
    assert configure.main(["--repository", str(repository), "finder"]) == 0
    after = {p: p.read_bytes() for p in repository.rglob("*") if p.is_file()}
    new = sorted(str(p.relative_to(repository)) for p in after.keys() - before.keys())
    assert new == ["finder/config.pbtxt", "finder/configs/tensorrt.pbtxt"]
    assert before.items() <= after.items()


def test_what_has_no_card_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert configure.main(["--repository", str(tmp_path), "finder"]) == 2
    assert "card.json" in capsys.readouterr().err


def test_what_cannot_be_written_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(SHIPPED / "finder", tmp_path / "finder")
    shutil.rmtree(tmp_path / "finder" / "configs")
    (tmp_path / "finder" / "configs").touch()
    assert configure.main(["--repository", str(tmp_path)]) == 2
    assert "configs" in capsys.readouterr().err


def test_the_shipped_configurations_are_those_of_the_exporter(tmp_path: Path) -> None:
    copy = tmp_path / "models"
    shutil.copytree(SHIPPED, copy)
    assert configure.main(["--repository", str(copy)]) == 0
    for path in SHIPPED.rglob("*.pbtxt"):
        assert (copy / path.relative_to(SHIPPED)).read_bytes() == path.read_bytes()
    assert len(list(copy.rglob("*.pbtxt"))) == len(list(SHIPPED.rglob("*.pbtxt")))
