"""A trained judge, asked for the expressions of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from contract.expression import EXPRESSIONS
from trainer.methods import registry
from trainer.networks.judge import Judge


class JudgeError(ValueError):
    """What was given as the judge is none."""


class Judges(Protocol):
    """Says what a face expresses."""

    def expressions(self, pictures: Tensor) -> list[str]:
        """The likeliest expression of each picture [N,3,S,S] in [-1,1]."""
        ...


class Scores(Protocol):
    """Says how sure it is of each expression."""

    def scores(self, pictures: Tensor) -> Tensor:
        """Log-probabilities [N,14] of the expressions of pictures [N,3,S,S] in [-1,1]."""
        ...


class TrainedJudge:
    """The network of a run of the method `judge`, on `device`."""

    def __init__(self, run: Path, device: str = "cpu") -> None:
        method = registry.trained(run)
        network = method.networks.get("judge")
        if not isinstance(network, Judge):
            raise JudgeError(f"{run} is a run of {method.recipe.method}; give a run of judge")
        self.network = network.to(device)
        self.device = device
        self.size = method.recipe.size

    def expressions(self, pictures: Tensor) -> list[str]:
        """The likeliest expression of each picture [N,3,S,S] in [-1,1], at the judge's size."""
        return [EXPRESSIONS[i] for i in self.scores(pictures).argmax(1).tolist()]

    @torch.inference_mode()
    def scores(self, pictures: Tensor) -> Tensor:
        """See Scores."""
        if pictures.shape[-1] != self.size:
            pictures = F.interpolate(
                pictures, size=(self.size, self.size), mode="bilinear", antialias=True
            )
        found: Tensor = self.network(pictures.to(self.device)).expression
        return found.double().log_softmax(1).cpu()
