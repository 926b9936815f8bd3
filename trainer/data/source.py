"""Sources of batches. A batch is a pure function of (seed, step), so resuming needs no data state.

`PairSource` draws pairs of drawings of one character that differ in expression only, with the
control that leads from one to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from contract import expression
from trainer.data.augment import Augmentation, Pair, Photometric, Picture
from trainer.data.dataset import Dataset, DatasetError
from trainer.data.mirror import flip_landmarks, flip_vectors

Batch = dict[str, Tensor]

SET_ABOVE: Final = 1e-3
"""Parameters that differ by more than this are set in the control."""

_SCALE: Final = np.maximum(
    expression.HIGH - expression.NEUTRAL, expression.NEUTRAL - expression.LOW
).astype(np.float32)


class Source(Protocol):
    """Something that makes batches: dictionaries of CPU tensors with the batch axis first."""

    def batch(self, step: int, rank: int, world: int) -> Batch:
        """The part of step `step`'s batch that process `rank` of `world` works on.

        The parts of all ranks together are the same rows whatever `world` is.
        """
        ...


@dataclass(frozen=True, slots=True)
class PairSource:
    """Pairs from a drawn data set.

    `batch` is the number of pairs of one step over all processes. Pictures are reduced to `size`
    pixels by area averaging. With probability `set_more` a random part of the parameters that agree
    is set as well, with half that probability all of them, as a preset does. The share `identity`
    has source = target: what is set there (the same lot) asks for what is drawn already. `labelled`
    keeps to drawings that are variations of a preset (for one-hot controls). Parameters of `unset`
    are never set: the data set must keep them in all drawings of a character. With probability
    `towards_near` the target is the drawing that differs from the source in the fewest parameters,
    else with probability `towards_named` a variation of a preset, where there is one. With
    `window`, only the middle of the pictures is given, so many pixels of them.

    A batch of b pairs holds `source`, `target` [b,3,S,S] float32 in [-1,1] (RGB; S = window, size),
    `source_vector`, `target_vector` [b,31], `control` [b,62] as in `contract.control`,
    `source_label`, `target_label` [b] int64 (index of the preset, -1 = none),
    `source_landmarks`, `target_landmarks` [b,27,2] (x, y in sides of the picture) and `chance` [b],
    uniform in 0 to 1, for what a method draws by lot for each pair.
    """

    dataset: Dataset
    batch_size: int
    seed: int
    size: int
    augment: Sequence[Augmentation] = (Photometric(),)
    flip: bool = True
    identity: float = 0.06
    set_more: float = 0.4
    labelled: bool = False
    unset: Sequence[str] = ()
    towards_near: float = 0.0
    towards_named: float = 0.0
    window: int | None = None

    def __post_init__(self) -> None:
        if self.dataset.views < 2:
            raise DatasetError(
                f"{self.dataset.folder} has one picture per character; pairs need at least two"
            )
        if self.size > self.dataset.size:
            raise DatasetError(
                f"{self.dataset.folder} has pictures of {self.dataset.size} pixels, the recipe "
                f"asks for {self.size}; draw a larger data set or lower `size`"
            )
        if self.labelled and ((self.dataset.labels.presets >= 0).sum(axis=1) < 2).any():
            raise DatasetError(
                f"{self.dataset.folder} has characters with fewer than two named expressions; "
                "draw it with presets, or choose the vector control"
            )

    def batch(self, step: int, rank: int, world: int) -> Batch:
        """See Source. Raises ValueError when the processes cannot share the batch evenly."""
        if self.batch_size % world:
            raise ValueError(f"a batch of {self.batch_size} cannot be shared by {world} processes")
        share = self.batch_size // world
        pairs = [self._pair(step, item) for item in range(rank * share, (rank + 1) * share)]
        source_vector = np.stack([pair.source_vector for pair in pairs])
        target_vector = np.stack([pair.target_vector for pair in pairs])
        extra = np.stack([pair.set_too for pair in pairs])
        return {
            "source": to_tensor(np.stack([pair.source for pair in pairs])),
            "target": to_tensor(np.stack([pair.target for pair in pairs])),
            "source_vector": torch.from_numpy(source_vector),
            "target_vector": torch.from_numpy(target_vector),
            "control": torch.from_numpy(controls(source_vector, target_vector, extra)),
            "source_label": torch.tensor([pair.source_label for pair in pairs]),
            "target_label": torch.tensor([pair.target_label for pair in pairs]),
            "source_landmarks": torch.from_numpy(np.stack([pair.landmarks[0] for pair in pairs])),
            "target_landmarks": torch.from_numpy(np.stack([pair.landmarks[1] for pair in pairs])),
            "chance": torch.tensor([pair.chance for pair in pairs], dtype=torch.float32),
        }

    def _pair(self, step: int, item: int) -> _Pair:
        random = np.random.default_rng((self.seed, step, item))
        labels = self.dataset.labels
        who = int(random.integers(self.dataset.characters))
        views = np.arange(self.dataset.views)
        if self.labelled:
            views = views[labels.presets[who] >= 0]
        i, j = (int(v) for v in random.choice(views, 2, replace=False))
        if self.towards_near > random.random():
            others = views[views != i]
            apart = np.abs(labels.vectors[who, others] - labels.vectors[who, i]) > SET_ABOVE
            j = int(others[apart.sum(1).argmin()])
        elif random.random() < self.towards_named:
            named = views[(labels.presets[who, views] >= 0) & (views != i)]
            j = int(random.choice(named)) if len(named) else j
        if random.random() < self.identity:
            j = i
        source, target = self._picture(who, i), self._picture(who, j)
        vectors = labels.vectors[who, [i, j]]
        landmarks = labels.landmarks[who, [i, j]] * (self.size / self.dataset.size)
        if self.flip and random.random() < 0.5:
            source, target = source[:, ::-1], target[:, ::-1]
            vectors = flip_vectors(vectors)
            landmarks = flip_landmarks(landmarks, self.size)
        pair = Pair(source, target, landmarks)
        for change in self.augment:
            pair = change(random, pair)
        pair = _middle(pair, self.window or self.size)
        set_too = np.zeros(expression.SIZE, np.bool_)
        lot = random.random()
        if lot < 1.5 * self.set_more:
            share = random.random() if lot < self.set_more else 1.0
            set_too = random.random(expression.SIZE) < share
            set_too[[expression.INDEX[name] for name in self.unset]] = False
        return _Pair(
            source=pair.source,
            target=pair.target,
            landmarks=pair.points / np.float32(pair.source.shape[0]),
            source_vector=vectors[0],
            target_vector=vectors[1],
            source_label=int(labels.presets[who, i]),
            target_label=int(labels.presets[who, j]),
            set_too=set_too,
            chance=float(random.random()),
        )

    def _picture(self, who: int, view: int) -> Picture:
        picture = np.asarray(self.dataset.pictures[who, view])
        if self.size == self.dataset.size:
            return picture
        side = (self.size, self.size)
        return np.asarray(cv2.resize(picture, side, interpolation=cv2.INTER_AREA), np.uint8)


def _middle(pair: Pair, side: int) -> Pair:
    margin = (pair.source.shape[0] - side) // 2
    inside = slice(margin, margin + side)
    return Pair(
        pair.source[inside, inside],
        pair.target[inside, inside],
        pair.points - np.float32(margin),
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    source: Picture
    target: Picture
    landmarks: NDArray[np.float32]
    source_vector: NDArray[np.float32]
    target_vector: NDArray[np.float32]
    source_label: int
    target_label: int
    set_too: NDArray[np.bool_]
    chance: float


def controls(
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    set_too: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """The controls [...,62] that lead from vectors `source` to `target` [...,31].

    Set are the parameters that differ by more than SET_ABOVE and those in `set_too`; values are
    scaled as in `contract.control.encode`.
    """
    chosen = np.abs(target - source) > SET_ABOVE
    if set_too is not None:
        chosen = chosen | set_too
    value = (target - expression.NEUTRAL) / _SCALE
    return np.concatenate([value * chosen, chosen], axis=-1).astype(np.float32)


def scaled(vectors: Tensor) -> Tensor:
    """Expression vectors [...,31] in the units of the control: neutral 0, farther end 1 or -1."""
    neutral, scale = (torch.from_numpy(v).to(vectors) for v in (expression.NEUTRAL, _SCALE))
    return (vectors - neutral) / scale


def to_tensor(pictures: NDArray[np.uint8]) -> Tensor:
    """Pictures [N,S,S,3] uint8 as a tensor [N,3,S,S] float32 in [-1,1], channels last in memory."""
    whole = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return whole.to(torch.float32).mul_(1.0 / 127.5).sub_(1.0)
