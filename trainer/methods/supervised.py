"""What judge, tagger and reader share: one network that learns labels of single drawings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from trainer.data.augment import Photometric
from trainer.data.dataset import Dataset, DatasetError
from trainer.data.misalignment import Misalignment
from trainer.data.single import SingleSource
from trainer.data.source import Batch, Source
from trainer.methods.method import Loss, Method, Phase
from trainer.recipe import Options, Recipe
from trainer.samples import grid


class Sizes(Options):
    """`[network]`: channels at 1/2, 1/4, 1/8 and 1/16 of the picture's side."""

    widths: tuple[int, int, int, int] = (32, 64, 128, 192)


class Drawings(Options):
    """`[data]`: half-widths of the changes that drawings suffer; see `Photometric`, `Misalignment`.

    A large `hue` would turn brown hair green under its label, so it is small where colours count.
    """

    hue: float = 0.05
    saturation: float = 0.2
    grey: float = 0.0
    turn: float = 8.0
    scale: float = 0.1
    shift: float = 0.04


class Supervised(Method):
    """A method with one network, averaged, and one loss. Subclasses say which."""

    name: str

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self.network = self.build(recipe.section("network", Sizes).widths)
        self.networks = {self.name: self.network}
        self.ema = (self.name,)
        self.optimisers = {
            self.name: torch.optim.AdamW(
                self.network.parameters(), recipe.learning_rate, recipe.betas, weight_decay=0.01
            )
        }

    @abstractmethod
    def build(self, widths: tuple[int, ...]) -> nn.Module:
        """The network, untrained."""

    @abstractmethod
    def loss(self, batch: Batch) -> Loss:
        """The loss of a batch of `SingleSource` and figures to log."""

    def source(self, data: Path | None) -> Source:
        """Single drawings from the data set in `data`. Raises DatasetError."""
        if data is None:
            raise DatasetError("this method needs a data set: --data DIR (see `trainer draw`)")
        options = self.recipe.section("data", Drawings)
        return SingleSource(
            Dataset.open(data),
            batch_size=self.recipe.batch,
            seed=self.recipe.seed,
            size=self.recipe.size,
            augment=(
                Misalignment(options.turn, options.scale, options.shift),
                Photometric(hue=options.hue, saturation=options.saturation, grey=options.grey),
            ),
        )

    def phases(self, step: int) -> Sequence[Phase]:
        """One move."""
        return (Phase(self.name, self.name, self.loss),)

    def samples(self, batch: Batch, networks: Mapping[str, nn.Module]) -> Tensor:
        """The pictures as the network sees them, four in a row."""
        image = batch["image"]
        rows = max(1, len(image) // 4)
        return grid(list(image[: 4 * rows].chunk(4)) if rows > 1 else [image])
