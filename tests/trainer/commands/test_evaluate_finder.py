"""The command, with a finder of magenta squares and a cascade that finds nothing in noise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.pictures import scene
from trainer.__main__ import main
from trainer.data.annotated import FILE

CASCADE = """<?xml version="1.0"?>
<opencv_storage><cascade><stageType>BOOST</stageType><featureType>LBP</featureType>
<height>24</height><width>24</width>
<stageParams><boostType>GAB</boostType><minHitRate>0.99</minHitRate><maxFalseAlarm>0.5</maxFalseAlarm>
<weightTrimRate>0.95</weightTrimRate><maxDepth>1</maxDepth><maxWeakCount>1</maxWeakCount></stageParams>
<featureParams><maxCatCount>256</maxCatCount><featSize>1</featSize></featureParams>
<stageNum>1</stageNum><stages><_><maxWeakCount>1</maxWeakCount><stageThreshold>2.</stageThreshold>
<weakClassifiers><_><internalNodes>0 -1 0 -1 -1 -1 -1 -1 -1 -1 -1</internalNodes>
<leafValues>-1. -1.</leafValues></_></weakClassifiers></_></stages>
<features><_><rect>0 0 4 4</rect></_></features></cascade></opencv_storage>
"""
"""A cascade whose only stage lets nothing through."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures: a face that is found, one that is marked elsewhere, none."""
    place = tmp_path / "known"
    (place / "some").mkdir(parents=True)
    for name, faces in {"a": ((120, 100, 20),), "b": ((60, 60, 14),), "c": ()}.items():
        Image.fromarray(scene(faces=faces)).save(place / "some" / f"{name}.png")
    here = {"box": [80, 60, 80, 80], "left_eye": [100, 98], "right_eye": [140, 98]}
    marks = {"some/a.png": [here], "some/b.png": [here], "some/c.png": []}
    (place / FILE).write_text(json.dumps({"some": marks}))
    (tmp_path / "cascade.xml").write_text(CASCADE)
    return place


def _measure(folder: Path, model_repository: Path, *more: str) -> int:
    return main(
        [
            "evaluate-finder", str(folder), "--out", str(folder.parent / "out"),
            "--repository", str(model_repository),
            "--cascade", str(folder.parent / "cascade.xml"),
            "--scenes", "2", "--grounds", "2", "--size", "64", *more,
        ]
    )  # fmt: skip


def test_both_finders_are_told_side_by_side(folder: Path, model_repository: Path) -> None:
    assert _measure(folder, model_repository) == 0
    out = folder.parent / "out"
    told = json.loads((out / "finders.json").read_text())["finders"]
    network, cascade = told["network"]["some"], told["lbp"]["some"]
    assert (network["found"], network["extra"], network["false"]) == (1, 1, 0)
    assert network["missed"] == ["some/b.png"]
    assert (cascade["found"], cascade["extra"], cascade["faces"]) == (0, 0, 2)
    assert told["network"]["drawn_scenes"]["pictures"] == 2
    assert told["lbp"]["drawn_grounds"]["without_face"] == 2
    assert "| some | network | 2 | 50.0 % |" in (out / "finders.md").read_text()
    assert (out / "sheets" / "some_network.png").exists()


def test_the_threshold_is_the_networks(folder: Path, model_repository: Path) -> None:
    assert _measure(folder, model_repository, "--threshold", "0.999") == 0
    told = json.loads((folder.parent / "out" / "finders.json").read_text())["finders"]
    assert told["network"]["some"]["found"] == 0


def test_what_cannot_be_measured_is_refused(
    folder: Path, model_repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _measure(folder, folder.parent / "nowhere") == 2
    assert "no model that finds faces" in capsys.readouterr().err
    (folder / "some" / "b.png").write_bytes(b"")
    assert _measure(folder, model_repository) == 2
    assert "b.png cannot be read" in capsys.readouterr().err
    (folder / FILE).unlink()
    assert _measure(folder, model_repository) == 2
    assert FILE in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [("--scenes", "-1"), ("--grounds", "many"), ("--size", "0"), ("--threshold", "1.1"),
     ("--threshold", "nan"), ("--first-seed", "-1")],
)  # fmt: skip
def test_arguments_that_measure_nothing_are_refused(
    folder: Path,
    model_repository: Path,
    wrong: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        _measure(folder, model_repository, *wrong)
    assert ended.value.code == 2
    assert "does not do: give a" in capsys.readouterr().err
