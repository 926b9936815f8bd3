"""Checkpoints: all that a run needs to go on exactly, and nothing but tensors and plain values.

Randomness needs no state: the loop seeds each step from the recipe's seed, the step and the rank.
"""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

CHECKPOINT_VERSION: Final = 1
FILE: Final = "checkpoint.pt"

FIXED: Final = ("method", "network", "size", "batch", "seed", "data")
"""The settings of a recipe that stay when a run is resumed."""


class CheckpointError(RuntimeError):
    """A checkpoint that is missing, damaged or from another recipe; the message says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State after `step` steps. Networks and averages are state dicts by name."""

    step: int
    networks: dict[str, dict[str, Tensor]]
    ema: dict[str, dict[str, Tensor]]
    optimisers: dict[str, dict[str, Any]]
    recipe: dict[str, Any]
    pictures: int
    """Pictures shown to the networks so far, over all processes."""
    seconds: float
    """Time spent so far, over all resumes."""
    version: int = CHECKPOINT_VERSION


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write beside `path`, flush to disk and rename: a kill leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".partial")
    with beside.open("wb") as file:
        torch.save({f.name: getattr(checkpoint, f.name) for f in fields(checkpoint)}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint to the CPU. Raises CheckpointError; runs no code from the file."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} does not exist; is the run's folder right?") from error
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    except (RuntimeError, EOFError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        # torch's own message would advise to load it with code that the file may bring
        raise CheckpointError(
            f"{path} is no checkpoint, or damaged; take a copy of it, or train again"
        ) from error
    version = content.get("version") if isinstance(content, dict) else None
    if version != CHECKPOINT_VERSION:
        raise CheckpointError(
            f"{path} has checkpoint version {version}, this release reads {CHECKPOINT_VERSION}"
        )
    try:
        return Checkpoint(**content)
    except TypeError as error:
        raise CheckpointError(
            f"{path} is not complete; take a copy of it, or train again"
        ) from error


def check_goes_on(saved: Checkpoint, recipe: Mapping[str, Any], path: Path) -> None:
    """Raise CheckpointError unless a run with `recipe` can go on from what was `saved` at `path`.

    Steps, rates, schedule, weights of losses, precision and the like may change. What decides which
    batches the steps see, and which network sees them (`FIXED`), may not: the result would be that
    of neither recipe, and its card would state the wrong one.
    """
    for key in FIXED:
        if saved.recipe.get(key) != recipe[key]:
            raise CheckpointError(
                f"{path} was trained with another {key}; resume with its own recipe, or choose "
                "another folder"
            )
    if saved.step > recipe["steps"]:
        raise CheckpointError(
            f"{path} is at step {saved.step}, beyond the {recipe['steps']} steps asked for; "
            "ask for more, or choose another folder"
        )


def fill(network: nn.Module, state: dict[str, Tensor], what: str) -> None:
    """Load `state` into `network`. Raises CheckpointError, naming `what`, when it does not fit."""
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(f"{what} does not fit its network: {error}") from error
