"""What a training run exports: its network as a plain module, and all of its card but the weights.

One function per task; `subject` chooses by the run's method.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from contract import alignment, expression
from contract.card import (
    Alignment,
    Control,
    Figure,
    OneHot,
    Pixels,
    Provenance,
    Task,
    Tensor,
)
from contract.control import expression_vector
from contract.labels import ATTRIBUTES, LANDMARKS
from trainer import provenance
from trainer.methods import registry
from trainer.methods.method import Method
from trainer.networks.finder import POINTS, STRIDE

LICENCE: Final = "Apache-2.0"


class ExportError(ValueError):
    """A run that cannot be exported; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A network to export. `module` takes `inputs` in order and returns a tuple of `outputs`."""

    module: nn.Module
    task: Task
    description: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    pixels: Pixels
    alignment: Alignment | None
    labels: tuple[str, ...]
    control: Control | None
    provenance: Provenance
    default_name: str
    attributes: tuple[str, ...] = ()


class _Change(nn.Module):
    """An editor's network with its outputs as a plain tuple."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor, control: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self.network(image, control))


class _Readings(nn.Module):
    """The reader with its logits as probabilities."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        vector, name, attributes = self.network(image)
        return vector, torch.softmax(name, 1), torch.sigmoid(attributes)


class _FinderMaps(nn.Module):
    """The finder with its heat as a probability, which it is trained to give as a logit."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        heat, box, landmarks = self.network(image)
        return torch.sigmoid(heat), box, landmarks


def subject(run: Path) -> Subject:
    """The network of the run in folder `run`, with its moving average's weights.

    Raises ExportError for a method that has no exporter, CheckpointError and RecipeError for runs
    that cannot be read.
    """
    method = registry.trained(run)
    name = method.recipe.method
    if name not in _EXPORTERS:
        raise ExportError(
            f"{run} is a run of {name}, which no task serves; exported are "
            f"{', '.join(sorted(_EXPORTERS))}"
        )
    return _EXPORTERS[name](method, _origin(run, method))


def _editor(method: Method, origin: Provenance) -> Subject:
    """Task edit_expression, from the methods cel and decoder_control."""
    size = method.recipe.size
    one_hot = bool(getattr(method, "labelled", False))
    width = len(expression.EXPRESSIONS) if one_hot else 2 * expression.SIZE
    outputs = [_picture("paint", 3, size), _picture("mask", 1, size)]
    if method.recipe.method == "cel":
        outputs.append(_picture("displacement", 2, size))
        outputs.append(Tensor(name="landmarks", shape=(-1, 2, len(LANDMARKS), 2)))
    return Subject(
        module=_Change(method.networks["generator"]),
        task="edit_expression",
        description="Gives an aligned anime face another expression: what to paint, where, and how "
        "to move what is there.",
        inputs=(_picture("image", 3, size), Tensor(name="control", shape=(-1, width))),
        outputs=tuple(outputs),
        pixels=Pixels(size=size),
        alignment=Alignment(points=dict(alignment.TEMPLATE)),
        labels=expression.EXPRESSIONS if one_hot else (),
        control=OneHot() if one_hot else expression_vector(method.drawn),
        provenance=origin,
        default_name="expression",
    )


def _finder(method: Method, origin: Provenance) -> Subject:
    """Task find_faces: maps at a quarter of the picture's side."""
    size = method.recipe.size
    cells = size // STRIDE
    return Subject(
        module=_FinderMaps(method.networks["finder"]),
        task="find_faces",
        description="Finds anime faces in a letterboxed picture: centre, box and landmarks.",
        inputs=(_picture("image", 3, size),),
        outputs=(
            _picture("heat", 1, cells),
            _picture("box", 4, cells),
            _picture("landmarks", 2 * len(POINTS), cells),
        ),
        pixels=Pixels(size=size),
        alignment=None,
        labels=POINTS,
        control=None,
        provenance=origin,
        default_name="finder",
    )


def _reader(method: Method, origin: Provenance) -> Subject:
    """Task read_expression."""
    size = method.recipe.size
    return Subject(
        module=_Readings(method.networks["reader"]),
        task="read_expression",
        description="Reads an aligned anime face: its expression as a vector and by name, and its "
        "attributes.",
        inputs=(_picture("image", 3, size),),
        outputs=(
            Tensor(name="vector", shape=(-1, expression.SIZE)),
            Tensor(name="expression", shape=(-1, len(expression.EXPRESSIONS))),
            Tensor(name="attributes", shape=(-1, len(ATTRIBUTES))),
        ),
        pixels=Pixels(size=size),
        alignment=Alignment(points=dict(alignment.TEMPLATE)),
        labels=expression.EXPRESSIONS,
        control=expression_vector(),
        provenance=origin,
        default_name="reader",
        attributes=ATTRIBUTES,
    )


_EXPORTERS: Final[Mapping[str, Callable[[Method, Provenance], Subject]]] = {
    "cel": _editor,
    "decoder_control": _editor,
    "finder": _finder,
    "reader": _reader,
}


def quality(report: Mapping[str, Any]) -> tuple[Figure, ...]:
    """The figures of an evaluation's JSON as the card states them. Raises ExportError."""
    try:
        measured_by = str(report["measured_by"])
        return tuple(
            Figure(name=name, value=float(value), measured_by=measured_by)
            for name, value in report["figures"].items()
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ExportError(
            f"the quality file is no evaluation ({error!r}); make one with "
            "`python -m trainer evaluate`"
        ) from error


def _picture(name: str, channels: int, side: int) -> Tensor:
    return Tensor(name=name, shape=(-1, channels, side, side))


def _origin(run: Path, method: Method) -> Provenance:
    noted = provenance.read(run)
    data = "; ".join(dict.fromkeys(_told(entry) for entry in noted["data"]))
    return Provenance(
        recipe=method.recipe.name,
        data=data or "drawn characters",
        seed=method.recipe.seed,
        revision=noted["revision"],
        pictures_seen=provenance.pictures_seen(run),
        libraries=noted["libraries"],
    )


def _told(entry: Mapping[str, Any]) -> str:
    if "told" in entry:
        return str(entry["told"])
    if "scenes" in entry:
        return (
            f"{entry['scenes']} drawn scenes at {entry['size']} px, from seed {entry['first_seed']}"
        )
    return (
        f"{entry['characters']} drawn characters, {entry['views']} pictures each at "
        f"{entry['size']} px, seeds {entry['seeds'][0]} to {entry['seeds'][1]}"
    )


def valid_name(name: str) -> str:
    """`name`, if the repository takes it. Raises ExportError."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ExportError(f"{name!r} is no name for a model: small letters, digits and _ only")
    return name
