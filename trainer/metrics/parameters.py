"""How well a single parameter of the face is obeyed: each one alone, on a face at rest.

It goes from neutral to one of its ends, left and right twins together, and the result is compared
with the true drawing. Where the artist draws nothing else (teeth behind closed lips, brows under
hair), nothing can be compared: such characters are left out, and counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from torch import Tensor

from contract.expression import NEUTRAL, PARAMETERS, Parameter, vector
from trainer.data.dataset import Dataset
from trainer.data.redrawn import sitter
from trainer.data.source import to_tensor
from trainer.metrics.editors import Editor, EditorError, single_control
from trainer.metrics.intensity import always_rises
from trainer.metrics.region import absolute_error, changed

STEPS: Final = (0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Way:
    """From neutral to one end of a parameter, or of two twins: `name` is then without a side."""

    name: str
    twins: tuple[Parameter, ...]
    end: float

    def at(self, step: float) -> dict[str, float]:
        """The values at `step` (0 to 1) of the way."""
        return {p.name: (1 - step) * p.neutral + step * self.end for p in self.twins}


@dataclass(slots=True)
class Obeyed:
    """Counts of one way: characters for whom the artist draws something else, and the others. All
    but `hidden` is of the former."""

    drawn: int = 0
    hidden: int = 0
    shares: float = 0.0
    """Sum of the L1 errors inside what the artist changed, each a share of that of leaving it."""
    change: int = 0
    """For so many the change of the picture rises at each step."""
    true_change: int = 0

    @property
    def share(self) -> float:
        """The mean error left; nan where nothing could be compared."""
        return self.shares / self.drawn if self.drawn else math.nan


@dataclass(slots=True)
class Singles:
    """All that was counted, by way."""

    ways: dict[Way, Obeyed] = field(default_factory=lambda: {way: Obeyed() for way in WAYS})


def measure(
    editor: Editor,
    dataset: Dataset,
    *,
    characters: int,
    progress: Callable[[Iterator[int]], Iterator[int]] = iter,
) -> Singles:
    """Measure on the first `characters` of `dataset`, drawn again at rest.

    Raises DatasetError, or EditorError for a model that has labels instead of parameters.
    """
    if editor.labels is not None:
        raise EditorError("the model takes labels; there are no single parameters to measure")
    found = Singles()
    vectors = [NEUTRAL, *(vector(way.at(step)) for way in WAYS for step in STEPS)]
    for who in progress(iter(range(characters))):
        portraits = sitter(dataset, who).drawn(vectors, editor.size)
        rest, *true = to_tensor(np.stack([portrait.picture for portrait in portraits]))
        for i, way in enumerate(WAYS):
            drawn = torch.stack(true[i * len(STEPS) : (i + 1) * len(STEPS)])
            _compare(editor, way, rest[None], drawn, found.ways[way])
    return found


def _ways() -> Iterator[Way]:
    things: dict[str, list[Parameter]] = {}
    for p in PARAMETERS:
        things.setdefault(p.name.removesuffix("_left").removesuffix("_right"), []).append(p)
    for name, twins in things.items():
        one = twins[0]
        for end in (one.low, one.high):
            if end != one.neutral:
                yield Way(name, tuple(twins), end)


WAYS: Final[tuple[Way, ...]] = tuple(_ways())


def _compare(editor: Editor, way: Way, rest: Tensor, drawn: Tensor, counts: Obeyed) -> None:
    """Count one character: at rest [1,3,S,S], and truly drawn at each step [K,3,S,S]."""
    region = changed(_unit(rest), _unit(drawn[-1:]))
    if not bool(region.any()):
        counts.hidden += 1
        return
    control = torch.stack([single_control(way.at(step)) for step in STEPS])
    results = editor(rest.expand_as(drawn).contiguous(), control)
    left = absolute_error(results[-1:], drawn[-1:], region)
    counts.drawn += 1
    counts.shares += float(left / absolute_error(rest, drawn[-1:], region))
    counts.change += always_rises(_change(rest, results))
    counts.true_change += always_rises(_change(rest, drawn))


def _change(rest: Tensor, pictures: Tensor) -> Tensor:
    """The mean absolute difference, [K]."""
    return (pictures - rest).abs().mean((1, 2, 3))


def _unit(pictures: Tensor) -> Tensor:
    """Pictures in [-1,1] as pictures in [0,1]."""
    return (pictures + 1) / 2
