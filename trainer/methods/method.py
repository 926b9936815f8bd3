"""What a method tells the loop: its networks, its optimisers, and the losses of one step.

A method never steps, scales or saves anything; `trainer.loop` does that alike for all.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn
from torch.optim import Optimizer

from trainer.data.source import Batch, Source
from trainer.recipe import Recipe

Loss = tuple[Tensor, dict[str, Tensor]]
"""The loss to go down (a scalar) and figures to log (scalars, detached by the loop)."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One move of one optimiser; only the parameters of that optimiser get gradients."""

    name: str
    optimiser: str
    loss: Callable[[Batch], Loss]


class Method(ABC):
    """Base of all methods. A subclass fills the dictionaries in `__init__`, on the CPU.

    networks: all that is trained or saved, by name.
    frozen: networks that losses need but that are neither trained nor saved.
    ema: names of networks that are kept as an exponential moving average as well.
    origins: folders of runs whose weights these networks go on from.
    drawn: parameters of expression that the networks leave alone (`contract.expression.DRAWN`).
    optimisers: by name; each names its parameters once, no parameter is in two.
    The loop moves networks to the device and in memory to channels_last before the first step.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.networks: dict[str, nn.Module] = {}
        self.frozen: dict[str, nn.Module] = {}
        self.ema: tuple[str, ...] = ()
        self.origins: tuple[Path, ...] = ()
        self.drawn: tuple[str, ...] = ()
        self.optimisers: dict[str, Optimizer] = {}

    def begin(self) -> None:
        """Called before the first step of a new run, not when one is resumed. Here: nothing."""
        return

    @abstractmethod
    def source(self, data: Path | None) -> Source:
        """The source of batches over the data set in folder `data` (None: the user gave none)."""

    @abstractmethod
    def phases(self, step: int) -> Sequence[Phase]:
        """The moves of step `step` (0, 1, ...), in order."""

    @abstractmethod
    def samples(self, batch: Batch, networks: Mapping[str, nn.Module]) -> Tensor:
        """A grid [H,W,3] uint8 that shows what `networks` (the averages where there are any) do.

        Called without gradients, networks in evaluation mode, the batch on their device.
        """

    def schedule(self, step: int, total: int) -> float:
        """The factor on every learning rate at `step` of `total`, as the recipe's `schedule` says.

        `linear_half`: 1 over the first half, then in a straight line to 0. `cosine`: half a wave
        from 1 to 0. Both after a linear rise over `warmup` steps.
        """
        rise = min(1.0, (step + 1) / self.recipe.warmup) if self.recipe.warmup else 1.0
        if self.recipe.schedule == "linear_half":
            return rise * min(1.0, 2.0 * (total - step) / total)
        if self.recipe.schedule == "cosine":
            return rise * 0.5 * (1.0 + math.cos(math.pi * step / total))
        return rise
