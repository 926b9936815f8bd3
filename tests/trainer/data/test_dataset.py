"""The data set on disk: what is written is read; what is damaged is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contract import expression
from contract.labels import ATTRIBUTES, LANDMARKS, TAGS
from trainer.data.dataset import (
    Dataset,
    DatasetError,
    DatasetVersionError,
    Labels,
    TruncatedDatasetError,
    Writer,
)

VIEWS, SIZE = 3, 8


def character(seed: int) -> tuple[np.ndarray, Labels]:
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (VIEWS, SIZE, SIZE, 3), np.uint8), Labels(
        vectors=random.random((VIEWS, expression.SIZE), np.float32),
        presets=random.integers(-1, 5, VIEWS),
        landmarks=random.random((VIEWS, len(LANDMARKS), 2), np.float32),
        attributes=random.random((VIEWS, len(ATTRIBUTES)), np.float32),
        hair=np.asarray(random.integers(12)),
        eyes=np.asarray(random.integers(10)),
        tags=random.integers(0, 2, (VIEWS, len(TAGS)), np.uint8),
        seeds=np.asarray(seed),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Writer(tmp_path / "set", views=VIEWS, size=SIZE, notes={"style": "plain"}) as writer:
        for seed in range(4):
            writer.append(*character(seed))
    return tmp_path / "set"


def test_what_was_written_is_read(folder: Path) -> None:
    data = Dataset.open(folder)
    assert (data.characters, data.views, data.size) == (4, VIEWS, SIZE)
    assert data.description["notes"] == {"style": "plain"}
    for seed in range(4):
        pictures, labels = character(seed)
        np.testing.assert_array_equal(data.pictures[seed], pictures)
        for name in Labels.__slots__:
            np.testing.assert_array_equal(getattr(data.labels, name)[seed], getattr(labels, name))


def test_pictures_are_mapped_not_loaded(folder: Path) -> None:
    assert isinstance(Dataset.open(folder).pictures, np.memmap)


def test_nothing_appears_when_drawing_fails(tmp_path: Path) -> None:
    def draw() -> None:
        with Writer(tmp_path / "set", views=VIEWS, size=SIZE) as writer:
            writer.append(*character(0))
            raise KeyError

    with pytest.raises(KeyError):
        draw()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_kept(folder: Path) -> None:
    with pytest.raises(DatasetError, match="exists already"):
        Writer(folder, views=VIEWS, size=SIZE)


def test_an_empty_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="empty"), Writer(tmp_path / "s", views=1, size=8):
        pass


@pytest.mark.parametrize("size", [SIZE + 1, SIZE - 1])
def test_pictures_of_another_size_are_refused(tmp_path: Path, size: int) -> None:
    pictures, labels = character(0)
    with (
        pytest.raises(DatasetError, match="takes uint8"),
        Writer(tmp_path / "set", views=VIEWS, size=size) as writer,
    ):
        writer.append(pictures, labels)


def test_labels_of_another_shape_are_refused(tmp_path: Path) -> None:
    pictures, labels = character(0)
    with (
        pytest.raises(DatasetError, match="label tags"),
        Writer(tmp_path / "set", views=VIEWS, size=SIZE) as writer,
    ):
        writer.append(pictures, replace(labels, tags=labels.tags[:1]))


def test_another_version_is_named(folder: Path) -> None:
    _edit(folder, version=99)
    with pytest.raises(DatasetVersionError, match="version 99"):
        Dataset.open(folder)


def test_another_list_of_parameters_is_named(folder: Path) -> None:
    _edit(folder, parameters=list(expression.NAMES[::-1]))
    with pytest.raises(DatasetVersionError, match="list of parameters"):
        Dataset.open(folder)


def test_truncated_pictures_are_named(folder: Path) -> None:
    path = folder / "pictures.npy"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TruncatedDatasetError, match="incomplete"):
        Dataset.open(folder)


def test_fewer_pictures_than_described_are_named(folder: Path) -> None:
    _edit(folder, characters=5)
    with pytest.raises(TruncatedDatasetError, match=r"pictures\.npy"):
        Dataset.open(folder)


def test_missing_labels_are_named(folder: Path) -> None:
    (folder / "labels.npz").unlink()
    with pytest.raises(TruncatedDatasetError, match=r"labels\.npz"):
        Dataset.open(folder)


@pytest.mark.parametrize("kept", [0, 3, 400])
def test_truncated_labels_are_named(folder: Path, kept: int) -> None:
    path = folder / "labels.npz"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(TruncatedDatasetError, match="incomplete"):
        Dataset.open(folder)


def test_a_folder_without_description_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="trainer draw"):
        Dataset.open(tmp_path)


def _edit(folder: Path, **changes: object) -> None:
    path = folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
