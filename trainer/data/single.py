"""Single drawings with all their labels: what judge, tagger and reader learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch

from trainer.data.augment import Augmentation, Pair, Picture
from trainer.data.dataset import Dataset, DatasetError
from trainer.data.mirror import flip_vectors
from trainer.data.source import Batch, to_tensor

_NO_POINTS: Final = np.zeros((0, 2), np.float32)


@dataclass(frozen=True, slots=True)
class SingleSource:
    """Drawings from a data set, one character and view at random for each row.

    A batch of b rows holds `image` [b,3,size,size] float32 in [-1,1] (RGB), `vector` [b,31],
    `preset` [b] int64 (-1 = none), `attributes` [b,8], `hair` [b], `eyes` [b] int64 and `tags`
    [b,59] float32. Half of the rows are mirrored, with their labels.
    """

    dataset: Dataset
    batch_size: int
    seed: int
    size: int
    augment: Sequence[Augmentation] = ()

    def __post_init__(self) -> None:
        if self.size > self.dataset.size:
            raise DatasetError(
                f"{self.dataset.folder} has pictures of {self.dataset.size} pixels, the recipe "
                f"asks for {self.size}; draw a larger data set or lower `size`"
            )

    def batch(self, step: int, rank: int, world: int) -> Batch:
        """See Source. Raises ValueError when the processes cannot share the batch evenly."""
        if self.batch_size % world:
            raise ValueError(f"a batch of {self.batch_size} cannot be shared by {world} processes")
        share = self.batch_size // world
        rows = [self._row(step, item) for item in range(rank * share, (rank + 1) * share)]
        who = np.array([row[1] for row in rows])
        view = np.array([row[2] for row in rows])
        flipped = np.array([row[3] for row in rows])
        labels = self.dataset.labels
        vectors = labels.vectors[who, view]
        vectors = np.where(flipped[:, None], flip_vectors(vectors), vectors)
        return {
            "image": to_tensor(np.stack([row[0] for row in rows])),
            "vector": torch.from_numpy(vectors),
            "preset": torch.from_numpy(labels.presets[who, view]),
            "attributes": torch.from_numpy(labels.attributes[who, view]),
            "hair": torch.from_numpy(labels.hair[who]),
            "eyes": torch.from_numpy(labels.eyes[who]),
            "tags": torch.from_numpy(labels.tags[who, view].astype(np.float32)),
        }

    def _row(self, step: int, item: int) -> tuple[Picture, int, int, bool]:
        random = np.random.default_rng((self.seed, step, item))
        who = int(random.integers(self.dataset.characters))
        view = int(random.integers(self.dataset.views))
        flipped = bool(random.random() < 0.5)
        picture: Picture = np.asarray(self.dataset.pictures[who, view])
        if self.size < self.dataset.size:
            side = (self.size, self.size)
            resized = cv2.resize(picture, side, interpolation=cv2.INTER_AREA)
            picture = np.asarray(resized, np.uint8)
        if flipped:
            picture = np.ascontiguousarray(picture[:, ::-1])
        for change in self.augment:
            picture = change(random, Pair(picture, picture, _NO_POINTS)).source
        return picture, who, view, flipped
