"""Annotations: their form, and what is said of a broken file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from faces.face import Box
from trainer.data.annotated import FILE, AnnotationError, read_annotations

FACE: dict[str, Any] = {
    "box": [10, 20, 30.5, 40],
    "left_eye": [15, 30],
    "right_eye": [18, 34],
    "mouth": [17, 50],
    "yaw": "front",
}


def _write(folder: Path, content: object) -> Path:
    (folder / FILE).write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_faces_by_folder_and_file(tmp_path: Path) -> None:
    folder = _write(tmp_path, {"a": {"a/1.png": [FACE], "a/2.png": []}})
    found = read_annotations(folder)
    (mark,) = found["a"]["a/1.png"]
    assert found["a"]["a/2.png"] == ()
    assert mark.place == Box(10, 20, 30.5, 40)
    assert mark.eye_distance == 5
    assert mark.landmarks == {"left_eye": (15, 30), "right_eye": (18, 34), "mouth": (17, 50)}


@pytest.mark.parametrize(
    ("face", "place"),
    [
        ({**FACE, "box": [1, 2, 3]}, "box"),
        ({"box": FACE["box"], "left_eye": [1, 2]}, "right_eye"),
        ({**FACE, "mouth": [1, "x"]}, "mouth"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, face: dict[str, Any], place: str) -> None:
    with pytest.raises(AnnotationError, match=rf"a\.a/1\.png\.0\.{place}"):
        read_annotations(_write(tmp_path, {"a": {"a/1.png": [face]}}))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"annotations\.json cannot be read"):
        read_annotations(tmp_path)
