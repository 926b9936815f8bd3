"""Whether an expression grows with its intensity: step by step from a face at rest.

Asked are a judge and the pixels: how much has changed. The judge's score is how much likelier it
takes the expression to be than a face at rest, as the logarithm of that ratio; other expressions
that a half-way face resembles have no part in it. The same steps of the true drawings say what can
be reached, and how far the judge can be believed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from torch import Tensor

from contract.control import strength
from contract.expression import CORE_EXPRESSIONS, EXPRESSIONS, NEUTRAL, preset
from trainer.data.dataset import Dataset
from trainer.data.redrawn import sitter
from trainer.data.source import to_tensor
from trainer.metrics.editors import Changer, edited, served_control
from trainer.metrics.judging import Scores

STEPS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_SHARES: Final = tuple(strength(step) for step in STEPS)
ASKED: Final = tuple(name for name in CORE_EXPRESSIONS if name != "neutral")


@dataclass(slots=True)
class Rises:
    """Counts of one expression: characters, and those for whom a figure rises at each step."""

    characters: int = 0
    score: int = 0
    true_score: int = 0
    change: int = 0
    at_rest: float = 0.0
    """Sum of the mean absolute difference that intensity 0 makes, in 0 to 1."""


@dataclass(slots=True)
class Intensities:
    """All that was counted, by expression."""

    judged: bool
    rises: dict[str, Rises] = field(default_factory=lambda: defaultdict(Rises))


def measure(
    editor: Changer,
    judge: Scores | None,
    dataset: Dataset,
    *,
    characters: int,
    progress: Callable[[Iterator[int]], Iterator[int]] = iter,
) -> Intensities:
    """Measure on the first `characters` of `dataset`, drawn again at rest. Raises DatasetError."""
    found = Intensities(judged=judge is not None)
    for who in progress(iter(range(characters))):
        sits = sitter(dataset, who)
        vectors = [NEUTRAL, *(preset(name, step) for name in ASKED for step in STEPS)]
        portraits = sits.drawn(vectors, editor.size)
        rest, *true = to_tensor(np.stack([portrait.picture for portrait in portraits]))
        for i, name in enumerate(ASKED):
            control = torch.stack([served_control(editor, name, step) for step in STEPS])
            given = rest.expand(len(STEPS), -1, -1, -1).contiguous()
            results = edited(editor, given, control, _SHARES)
            change = (results - rest).abs().mean((1, 2, 3)) / 2
            rises = found.rises[name]
            rises.characters += 1
            rises.change += always_rises(change)
            rises.at_rest += float(change[0])
            if judge is not None:
                drawn = torch.stack(true[i * len(STEPS) : (i + 1) * len(STEPS)])
                rises.score += always_rises(_towards(name, judge.scores(results)))
                rises.true_score += always_rises(_towards(name, judge.scores(drawn)))
    return found


def always_rises(values: Tensor) -> bool:
    """Whether each of `values` [K] is larger than the one before it."""
    return bool((values.diff() > 0).all())


def _towards(name: str, scores: Tensor) -> Tensor:
    """How much likelier the expression `name` is than neutral, [K], of log-probabilities [K,14]."""
    return scores[:, EXPRESSIONS.index(name)] - scores[:, EXPRESSIONS.index("neutral")]
