"""Scenes on disk and their batches: what was drawn is read, labels move with the pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from contract.labels import LANDMARKS
from trainer.characters.scene import MAX_FACES, Scene
from trainer.data.dataset import DatasetError, DatasetVersionError, TruncatedDatasetError
from trainer.data.scenes import Scenes, SceneSource, open_scenes, write_scenes

SIZE = 96
LEFT, RIGHT = LANDMARKS.index("left_eye"), LANDMARKS.index("right_eye")


def scene(seed: int, faces: int) -> Scene:
    random = np.random.default_rng(seed)
    return Scene(
        random.integers(0, 256, (SIZE, SIZE, 3), np.uint8),
        random.random((faces, 4), np.float32) * SIZE,
        random.random((faces, len(LANDMARKS), 2), np.float32) * SIZE,
    )


def dots() -> Scenes:
    """One scene: a black picture with a face in (30, 40, 24, 20), a soft red spot at its left eye,
    a green one at its right eye, and blue ones at the corners of the box."""
    light = np.zeros((SIZE, SIZE, 3))
    at = np.arange(SIZE) + 0.5
    boxes = np.zeros((1, MAX_FACES, 4), np.float32)
    points = np.zeros((1, MAX_FACES, len(LANDMARKS), 2), np.float32)
    boxes[0, 0] = (30, 40, 24, 20)
    points[0, 0, LEFT], points[0, 0, RIGHT] = (36, 48), (48, 48)
    corners = [((x, y), 2) for x in (30, 54) for y in (40, 60)]
    for (x, y), channel in (((36, 48), 0), ((48, 48), 1), *corners):
        light[..., channel] += np.exp(-((at - x) ** 2 + (at[:, None] - y) ** 2) / (2 * 1.5**2))
    picture = np.round(255 * light.clip(0, 1)).astype(np.uint8)[None]
    return Scenes(picture, boxes, points, np.ones(1, np.int64))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    scenes = (scene(seed, faces) for seed, faces in enumerate((0, 1, MAX_FACES)))
    write_scenes(tmp_path / "scenes", scenes, 3, SIZE, first_seed=7)
    return tmp_path / "scenes"


def test_what_was_written_is_read(folder: Path) -> None:
    data = open_scenes(folder)
    assert data.count.tolist() == [0, 1, MAX_FACES]
    assert isinstance(data.pictures, np.memmap)
    for seed, faces in enumerate(data.count):
        drawn = scene(seed, int(faces))
        np.testing.assert_array_equal(data.pictures[seed], drawn.picture)
        np.testing.assert_array_equal(data.boxes[seed, :faces], drawn.boxes)
        np.testing.assert_array_equal(data.landmarks[seed, :faces], drawn.landmarks)
        assert not data.boxes[seed, faces:].any()
    assert json.loads((folder / "scenes.json").read_text())["first_seed"] == 7
    assert [path.name for path in folder.parent.iterdir()] == ["scenes"]


def test_an_existing_folder_is_kept(folder: Path) -> None:
    with pytest.raises(DatasetError, match="exists already"):
        write_scenes(folder, [scene(0, 1)], 1, SIZE, first_seed=0)
    assert len(open_scenes(folder).count) == 3


def test_damaged_folders_are_named(folder: Path) -> None:
    with pytest.raises(DatasetError, match="--scenes"):
        open_scenes(folder / "elsewhere")
    pictures = (folder / "pictures.npy").read_bytes()
    (folder / "pictures.npy").write_bytes(pictures[:-5000])
    with pytest.raises(TruncatedDatasetError, match="draw it again"):
        open_scenes(folder)
    (folder / "pictures.npy").write_bytes(b"")
    with pytest.raises(TruncatedDatasetError):
        open_scenes(folder)
    (folder / "pictures.npy").unlink()
    with pytest.raises(TruncatedDatasetError):
        open_scenes(folder)
    (folder / "pictures.npy").write_bytes(pictures)
    faces = (folder / "faces.npz").read_bytes()
    (folder / "faces.npz").write_bytes(faces[:200])
    with pytest.raises(TruncatedDatasetError):
        open_scenes(folder)
    (folder / "faces.npz").write_bytes(faces)
    assert len(open_scenes(folder).count) == 3


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"version": 99}, DatasetVersionError),
        ({"landmarks": ["nose"]}, DatasetVersionError),
        ({"scenes": 4}, TruncatedDatasetError),
    ],
)
def test_descriptions_that_do_not_fit(
    folder: Path, change: dict[str, object], error: type[DatasetError]
) -> None:
    path = folder / "scenes.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(error, match="draw it again"):
        open_scenes(folder)
    path.write_text("{")
    with pytest.raises(DatasetError):
        open_scenes(folder)


def test_batches_depend_on_seed_and_step_alone(folder: Path) -> None:
    source = SceneSource(open_scenes(folder), batch_size=4, seed=1, size=64)
    batch = source.batch(3, 0, 1)
    assert batch["image"].shape == (4, 3, 64, 64)
    assert batch["boxes"].shape == (4, MAX_FACES, 4)
    assert batch["landmarks"].shape == (4, MAX_FACES, len(LANDMARKS), 2)
    again = SceneSource(open_scenes(folder), batch_size=4, seed=1, size=64).batch(3, 0, 1)
    for name, tensor in batch.items():
        assert torch.equal(tensor, again[name])
    assert not torch.equal(batch["image"], source.batch(4, 0, 1)["image"])
    parts = [source.batch(3, rank, 2) for rank in range(2)]
    assert torch.equal(torch.cat([part["image"] for part in parts]), batch["image"])
    with pytest.raises(ValueError, match="3 processes"):
        source.batch(0, 0, 3)


@pytest.mark.parametrize("size", [SIZE, 2 * SIZE])
def test_labels_move_with_the_picture(size: int) -> None:
    """Turned, scaled, shifted and mirrored: each spot still lies where its label says."""
    source = SceneSource(dots(), batch_size=24, seed=2, size=size, augment=())
    batch = source.batch(0, 0, 1)
    order = []
    for image, boxes, points in zip(
        (batch["image"] + 1) / 2, batch["boxes"], batch["landmarks"], strict=True
    ):
        seen = [middle(channel) for channel in image - image.amin(0)]  # grey ground is no light
        eyes = points[0, [LEFT, RIGHT]]
        assert eyes[0, 0] < eyes[1, 0]  # left and right as seen, mirrored or not
        mirrored = bool(seen[0][0] > seen[1][0])
        order.append(mirrored)
        true = eyes.flip(0) if mirrored else eyes
        torch.testing.assert_close(torch.stack(seen[:2]), true, atol=0.25 * size / SIZE, rtol=0)
        centre = boxes[0, :2] + boxes[0, 2:] / 2
        torch.testing.assert_close(seen[2], centre, atol=0.25 * size / SIZE, rtol=0)
        assert 0.5 < boxes[0, 2] / (24 * size / SIZE) < 2
    assert set(order) == {True, False}


def middle(brightness: torch.Tensor) -> torch.Tensor:
    """Where the light of a picture [S,S] lies on average, in pixels; the first covers 0 to 1."""
    at = torch.arange(brightness.shape[0]) + 0.5
    total = brightness.sum()
    return torch.stack(
        [(brightness.sum(0) * at).sum() / total, (brightness.sum(1) * at).sum() / total]
    )
