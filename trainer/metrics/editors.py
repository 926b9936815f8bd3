"""Editors to measure: a training run's network or an exported model, called alike.

An editor takes pictures and controls and gives the changed pictures, composed at the crop's size.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from contract import expression
from contract.alignment import TEMPLATE
from contract.card import (
    CardError,
    ExpressionVector,
    OneHot,
    Pixels,
    check_weights,
    read_card,
)
from contract.control import control_of, expression_vector
from trainer.data.source import controls
from trainer.methods import registry
from trainer.networks.cel import warp

SERVED: Final = expression_vector()


class EditorError(ValueError):
    """What was given cannot be measured as an editor of expressions; the message says why."""


class Editor(Protocol):
    """Gives faces another expression."""

    @property
    def size(self) -> int:
        """Side of the pictures that it takes, pixels."""
        ...

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The labels of its one-hot control; None where the control is an expression vector."""
        ...

    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        """Pictures [N,3,S,S] in [-1,1] and control [N,C] to the changed pictures [N,3,S,S]."""
        ...


class Changer(Editor, Protocol):
    """An editor that also says what it would change, so that it can be done at any resolution."""

    @property
    def pixels(self) -> Pixels:
        """How pictures enter."""
        ...

    @property
    def template(self) -> Mapping[str, tuple[float, float]]:
        """Where landmarks lie in the crop, in sides."""
        ...

    def change(self, pictures: Tensor, control: Tensor) -> tuple[Tensor, ...]:
        """(paint, mask) or (paint, mask, displacement), as `composed` takes them."""
        ...


class TrainedEditor:
    """The generator of a training run (its moving average), on `device`."""

    def __init__(self, run: Path, device: str = "cpu") -> None:
        method = registry.trained(run)
        generator = method.networks.get("generator")
        if generator is None:
            raise EditorError(f"{run} is a run of {method.recipe.method}, which edits no pictures")
        self.network: nn.Module = generator.to(device)
        self.device = device
        self.size = method.recipe.size
        self.pixels = Pixels(size=self.size)
        self.template: Mapping[str, tuple[float, float]] = TEMPLATE
        one_hot = getattr(method, "labelled", False)
        self.labels = expression.EXPRESSIONS if one_hot else None

    @torch.inference_mode()
    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        """See Editor."""
        return composed(pictures, self.change(pictures, control))

    @torch.inference_mode()
    def change(self, pictures: Tensor, control: Tensor) -> tuple[Tensor, ...]:
        """See Changer."""
        pictures = pictures.to(self.device, memory_format=torch.channels_last)
        found: Sequence[Tensor] = self.network(pictures, control.to(self.device))
        return tuple(layer.float().cpu() for layer in found)


class ExportedEditor:
    """A model of the repository: the folder with card.json and VERSION/model.onnx."""

    def __init__(self, folder: Path) -> None:
        card = read_card(folder / "card.json")
        if card.task != "edit_expression":
            raise EditorError(f"{folder} is a model for {card.task}, not for edit_expression")
        path = folder / str(card.version) / "model.onnx"
        try:
            weights = path.read_bytes()
        except OSError as error:
            raise CardError(f"{path} cannot be read: {error}") from error
        check_weights(card, weights)
        self.card = card
        self.session = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
        self.size = card.pixels.size
        self.pixels = card.pixels
        self.template: Mapping[str, tuple[float, float]] = (
            card.alignment.points if card.alignment else TEMPLATE
        )
        self.labels: tuple[str, ...] | None = card.labels
        if isinstance(card.control, ExpressionVector):
            if tuple(p.name for p in card.control.parameters) != expression.NAMES:
                raise EditorError(f"{folder} was made with other face parameters; export it again")
            self.labels = None

    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        """See Editor."""
        return composed(pictures, self.change(pictures, control))

    def change(self, pictures: Tensor, control: Tensor) -> tuple[Tensor, ...]:
        """See Changer."""
        names = [spec.name for spec in self.card.outputs]
        feed = {"image": pictures.contiguous().numpy(), "control": control.numpy()}
        found = dict(zip(names, self.session.run(names, feed), strict=True))
        order = [name for name in ("paint", "mask", "displacement") if name in found]
        return tuple(torch.from_numpy(found[name]) for name in order)


def open_editor(folder: Path, device: str = "cpu") -> TrainedEditor | ExportedEditor:
    """The exported model or the run in `folder`."""
    exported = (folder / "card.json").exists()
    return ExportedEditor(folder) if exported else TrainedEditor(folder, device)


def faded(change: Sequence[Tensor], share: float | Tensor) -> tuple[Tensor, ...]:
    """(paint, mask) or (paint, mask, displacement) with only a share, 0 to 1, of mask and
    displacement: a number, or [N,1,1,1]."""
    paint, *rest = change
    return (paint, *(layer * share for layer in rest))


def composed(pictures: Tensor, change: Sequence[Tensor]) -> Tensor:
    """What (paint, mask) or (paint, mask, displacement) make of pictures [N,3,S,S] in [-1,1]."""
    paint, mask = change[0], change[1]
    ground = warp(pictures, change[2]) if len(change) > 2 else pictures
    return torch.lerp(ground, paint.float(), mask.float())


def served_control(editor: Editor, wanted: str, intensity: float = 1.0) -> Tensor:
    """The control [C] that the service makes of a named expression, whatever the face shows now.

    It goes with the share `contract.control.strength` of the change. Raises EditorError for an
    expression that the model does not have.
    """
    return torch.from_numpy(_control(editor, wanted, intensity))


def single_control(wanted: Mapping[str, float]) -> Tensor:
    """The control [62] that the service makes of single parameters, in their own units."""
    return torch.from_numpy(control_of(SERVED, (), wanted))


def control_between(
    editor: Editor,
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    names: Sequence[str],
) -> Tensor:
    """The controls [N,C] that a caller of the service would send, exact where the truth needs it.

    `source` and `target` [N,31] are the vectors of the drawings, `names` the wanted expressions.
    Set is what a served preset sets, and what it would leave alone but differs between the two.
    """
    if editor.labels is not None:
        return torch.from_numpy(np.stack([_control(editor, name) for name in names]))
    served = np.array(
        [[name in SERVED.presets[wanted] for name in expression.NAMES] for wanted in names]
    )
    return torch.from_numpy(controls(source, target, served))


def _control(editor: Editor, wanted: str, intensity: float = 1.0) -> NDArray[np.float32]:
    control = SERVED if editor.labels is None else OneHot()
    try:
        return control_of(control, editor.labels or (), wanted, intensity)
    except expression.ExpressionError as error:
        raise EditorError(str(error)) from error
