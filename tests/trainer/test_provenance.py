"""What a run notes of its origin, and how held-out seeds are kept apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.engines.tiny_models import tiny_editor
from trainer import checkpoint, provenance


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run trained on the seeds 1000 to 1999, then on 5000 to 5004."""
    folder = tmp_path / "run"
    folder.mkdir()
    for name, seeds in (("first", [1000, 1999]), ("second", [5000, 5004])):
        data = tmp_path / name
        data.mkdir()
        told = {"characters": 5, "views": 2, "size": 8, "seeds": seeds, "notes": {}}
        (data / "dataset.json").write_text(json.dumps(told))
        provenance.record(folder, data)
    provenance.record(folder, tmp_path / "second")
    return folder


def test_every_data_set_is_noted_once_and_without_its_path(run: Path) -> None:
    noted = provenance.read(run)
    assert [entry["name"] for entry in noted["data"]] == ["first", "second"]
    assert "torch" in noted["libraries"]
    assert str(run.parent) not in (run / provenance.FILE).read_text()


@pytest.mark.parametrize("seeds", [(1999, 2500), (0, 1000), (1200, 1300), (4000, 6000)])
def test_overlap_is_refused(run: Path, seeds: tuple[int, int]) -> None:
    with pytest.raises(provenance.SeedOverlapError, match="draw characters with other seeds"):
        provenance.check_held_out(run, seeds, "held-out")


def test_other_seeds_pass(run: Path) -> None:
    assert provenance.check_held_out(run, (2000, 4999), "held-out")


def test_a_run_answers_for_the_runs_it_goes_on_from(run: Path, tmp_path: Path) -> None:
    finer = tmp_path / "finer"
    finer.mkdir()
    for _ in range(2):
        provenance.record(finer, tmp_path / "second", [run])
    assert [entry["name"] for entry in provenance.read(finer)["data"]] == ["first", "second"]
    with pytest.raises(provenance.SeedOverlapError, match="first"):
        provenance.check_held_out(finer, (1000, 1001), "held-out")


def test_the_same_data_by_another_name_is_the_same(run: Path, tmp_path: Path) -> None:
    (tmp_path / "second").rename(tmp_path / "moved")
    provenance.check_same_data(run, tmp_path / "moved")
    provenance.check_same_data(run, None)
    told = json.loads((tmp_path / "moved" / "dataset.json").read_text()) | {"seeds": [1, 5]}
    (tmp_path / "moved" / "dataset.json").write_text(json.dumps(told))
    with pytest.raises(provenance.OtherDataError, match="moved"):
        provenance.check_same_data(run, tmp_path / "moved")
    (run / provenance.FILE).unlink()
    provenance.check_same_data(run, tmp_path / "moved")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"data": 3}', '{"pictures_before": "many"}'])
def test_damaged_notes_are_named(run: Path, text: str) -> None:
    (run / provenance.FILE).write_text(text)
    with pytest.raises(provenance.ProvenanceError, match=r"provenance\.json"):
        provenance.read(run)


def test_a_run_without_notes_is_not_vouched_for(tmp_path: Path) -> None:
    assert provenance.read(tmp_path)["revision"] == "unknown"
    assert not provenance.check_held_out(tmp_path, (0, 10), "held-out")


def test_scenes_are_noted_but_hold_no_character_back(tmp_path: Path) -> None:
    scenes = tmp_path / "scenes"
    scenes.mkdir()
    told = {"version": 1, "scenes": 9, "size": 8, "first_seed": 100, "landmarks": []}
    (scenes / "scenes.json").write_text(json.dumps(told))
    provenance.record(tmp_path, scenes)
    assert provenance.read(tmp_path)["data"] == [
        {"name": "scenes", "scenes": 9, "size": 8, "first_seed": 100}
    ]
    assert not provenance.check_held_out(tmp_path, (100, 101), "held-out")


def test_pictures_of_all_stages_count(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for run, pictures, origins in ((first, 100, ()), (second, 20, (first,))):
        run.mkdir()
        for _ in range(2):  # resumed once
            provenance.record(run, None, origins)
        empty: dict[str, dict[str, torch.Tensor]] = {}
        saved = checkpoint.Checkpoint(1, empty, empty, {}, {}, pictures=pictures, seconds=1.0)
        checkpoint.save(run / checkpoint.FILE, saved)
    assert provenance.pictures_seen(second) == 120
    exported = tmp_path / "exported"
    exported.mkdir()
    card, _ = tiny_editor(8)
    card = card.model_copy(
        update={"provenance": card.provenance.model_copy(update={"pictures_seen": 7})}
    )
    (exported / "card.json").write_text(card.model_dump_json())
    third = tmp_path / "third"
    third.mkdir()
    provenance.record(third, None, [exported])
    assert provenance.read(third)["pictures_before"] == 7
    assert provenance.pictures_seen(tmp_path / "nowhere") == 0


def test_data_of_an_exported_model_stay_noted_and_are_held_apart(tmp_path: Path) -> None:
    exported, run = tmp_path / "exported", tmp_path / "run"
    exported.mkdir()
    run.mkdir()
    told = ("9 drawn characters, 2 pictures each at 8 px, seeds 40 to 48", "drawn elsewhere")
    card, _ = tiny_editor(8)
    card = card.model_copy(
        update={"provenance": card.provenance.model_copy(update={"data": "; ".join(told)})}
    )
    (exported / "card.json").write_text(card.model_dump_json())
    provenance.record(run, None, [exported])
    assert [entry["told"] for entry in provenance.read(run)["data"]] == list(told)
    assert provenance.check_held_out(run, (49, 60), "held-out")
    with pytest.raises(provenance.SeedOverlapError, match="40 to 48"):
        provenance.check_held_out(run, (48, 60), "held-out")
