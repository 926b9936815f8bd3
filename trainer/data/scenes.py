"""Drawn scenes for the finder on disk, and batches of them.

A folder with `scenes.json`, `pictures.npy` uint8 [N,S,S,3] and `faces.npz` (in pixels: boxes
[N,6,4], landmarks [N,6,27,2]; count [N]). Written beside and renamed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from contract.labels import LANDMARKS
from trainer.characters.scene import MAX_FACES, Scene
from trainer.data.augment import Augmentation, Pair, Photometric
from trainer.data.dataset import DatasetError, DatasetVersionError, TruncatedDatasetError
from trainer.data.mirror import LANDMARK_SWAP
from trainer.data.source import Batch, to_tensor

SCENES_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Scenes:
    """An open set of scenes; see the module."""

    pictures: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    count: NDArray[np.int64]


def write_scenes(
    folder: Path, scenes: Iterable[Scene], total: int, size: int, first_seed: int
) -> None:
    """Write `total` scenes of `size` pixels. Raises DatasetError when the folder exists."""
    if folder.exists():
        raise DatasetError(f"{folder} exists already; choose another folder or remove it")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    pictures = np.lib.format.open_memmap(
        partial / "pictures.npy", "w+", np.uint8, (total, size, size, 3)
    )
    boxes = np.zeros((total, MAX_FACES, 4), np.float32)
    landmarks = np.zeros((total, MAX_FACES, len(LANDMARKS), 2), np.float32)
    count = np.zeros(total, np.int64)
    for i, scene in enumerate(scenes):
        faces = len(scene.boxes)
        pictures[i], count[i] = scene.picture, faces
        boxes[i, :faces], landmarks[i, :faces] = scene.boxes, scene.landmarks
    pictures.flush()
    np.savez(partial / "faces.npz", boxes=boxes, landmarks=landmarks, count=count)
    description = {"version": SCENES_VERSION, "scenes": total, "size": size,
                   "first_seed": first_seed, "landmarks": list(LANDMARKS)}  # fmt: skip
    (partial / "scenes.json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    partial.rename(folder)


def open_scenes(folder: Path) -> Scenes:
    """Open a set. Raises DatasetError, DatasetVersionError or TruncatedDatasetError."""
    try:
        description = json.loads((folder / "scenes.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"{folder} is no set of scenes ({error}); make one with `python -m trainer draw OUT "
            "--scenes`"
        ) from error
    if description.get("version") != SCENES_VERSION or description.get("landmarks") != list(
        LANDMARKS
    ):
        raise DatasetVersionError(f"{folder} was drawn by another release; draw it again")
    try:
        pictures = np.load(folder / "pictures.npy", mmap_mode="r")
        with (folder / "faces.npz").open("rb") as stream, np.load(stream) as faces:
            scenes = Scenes(pictures, faces["boxes"], faces["landmarks"], faces["count"])
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise TruncatedDatasetError(f"{folder} is incomplete ({error}); draw it again") from error
    if len(pictures) != description["scenes"] or len(scenes.count) != len(pictures):
        raise TruncatedDatasetError(f"{folder} is incomplete; draw it again")
    return scenes


@dataclass(frozen=True, slots=True)
class SceneSource:
    """Scenes, turned, scaled, shifted and mirrored at random. A batch of b rows holds `image`
    [b,3,S,S] in [-1,1], `boxes` [b,6,4], `landmarks` [b,6,27,2] (pixels) and `count` [b]."""

    scenes: Scenes
    batch_size: int
    seed: int
    size: int
    augment: Sequence[Augmentation] = (Photometric(),)

    def batch(self, step: int, rank: int, world: int) -> Batch:
        """See Source. Raises ValueError when the processes cannot share the batch evenly."""
        if self.batch_size % world:
            raise ValueError(f"a batch of {self.batch_size} cannot be shared by {world} processes")
        share = self.batch_size // world
        rows = [self._row(step, item) for item in range(rank * share, (rank + 1) * share)]
        return {
            "image": to_tensor(np.stack([row[0] for row in rows])),
            "boxes": torch.from_numpy(np.stack([row[1] for row in rows])),
            "landmarks": torch.from_numpy(np.stack([row[2] for row in rows])),
            "count": torch.tensor([row[3] for row in rows]),
        }

    def _row(
        self, step: int, item: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32], int]:
        random = np.random.default_rng((self.seed, step, item))
        which = int(random.integers(len(self.scenes.count)))
        picture = np.asarray(self.scenes.pictures[which])
        boxes, points = self.scenes.boxes[which], self.scenes.landmarks[which]
        stored = picture.shape[0]
        turn, grow = float(random.normal(0, 10)), float(np.exp(random.normal(0, 0.18)))
        factor = grow * self.size / stored
        matrix = np.array(
            cv2.getRotationMatrix2D((stored / 2, stored / 2), turn, factor), np.float64
        )
        matrix[:, 2] += self.size / 2 - stored / 2 + random.normal(0, 0.05 * self.size, 2)
        if random.random() < 0.5:
            matrix = np.array([[-1, 0, self.size], [0, 1, 0]]) @ np.vstack([matrix, [0, 0, 1]])
            points = points[:, LANDMARK_SWAP]
        ground = int(random.integers(180, 220))
        moved = cv2.warpAffine(
            picture, _between_middles(matrix), (self.size, self.size), flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT if random.random() < 0.6 else cv2.BORDER_REPLICATE,
            borderValue=(ground, ground, ground),
        )  # fmt: skip
        corners = boxes[:, [[0, 1], [0, 1], [0, 1], [0, 1]]] + boxes[:, None, 2:] * _CORNERS
        corners = corners @ matrix[:, :2].T + matrix[:, 2]
        middle, half = corners.mean(1), np.abs(corners - corners.mean(1, keepdims=True)).mean(1)
        out = np.concatenate([middle - half, 2 * half], 1).astype(np.float32)
        result = np.asarray(moved, np.uint8)
        placed = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        for change in self.augment:
            result = change(random, Pair(result, result, placed)).source
        return result, out, placed, int(self.scenes.count[which])


def _between_middles(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The affine map [2,3] as OpenCV counts, which calls the middle of the first pixel 0."""
    shifted = matrix.copy()
    shifted[:, 2] += 0.5 * matrix[:, :2].sum(1) - 0.5
    return shifted


_CORNERS: Final = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
