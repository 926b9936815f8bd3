"""Editors to measure: a training run's network or an exported model, called alike.

An editor takes pictures and controls and gives the changed pictures, composed at the crop's size.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from contract import expression
from contract.card import CardError, ExpressionVector, check_weights, read_card
from trainer.data.source import controls
from trainer.methods import registry
from trainer.networks.cel import warp

SERVED: Final = expression.served_presets()


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
        one_hot = getattr(method, "labelled", False)
        self.labels = expression.EXPRESSIONS if one_hot else None

    @torch.inference_mode()
    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        """See Editor."""
        pictures = pictures.to(self.device, memory_format=torch.channels_last)
        return composed(pictures, self.network(pictures, control.to(self.device))).cpu()


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
        self.labels: tuple[str, ...] | None = card.labels
        if isinstance(card.control, ExpressionVector):
            if tuple(p.name for p in card.control.parameters) != expression.NAMES:
                raise EditorError(f"{folder} was made with other face parameters; export it again")
            self.labels = None

    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        """See Editor."""
        names = [spec.name for spec in self.card.outputs]
        feed = {"image": pictures.contiguous().numpy(), "control": control.numpy()}
        found = dict(zip(names, self.session.run(names, feed), strict=True))
        order = [name for name in ("paint", "mask", "displacement") if name in found]
        return composed(pictures, [torch.from_numpy(found[name]) for name in order])


def composed(pictures: Tensor, change: Sequence[Tensor]) -> Tensor:
    """What (paint, mask) or (paint, mask, displacement) make of pictures [N,3,S,S] in [-1,1]."""
    paint, mask = change[0], change[1]
    ground = warp(pictures, change[2]) if len(change) > 2 else pictures
    return torch.lerp(ground, paint.float(), mask.float())


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
        unknown = sorted(set(names) - set(editor.labels))
        if unknown:
            raise EditorError(f"the model has no expression {', '.join(unknown)}")
        control = torch.zeros(len(names), len(editor.labels))
        rows = [editor.labels.index(name) for name in names]
        control[torch.arange(len(names)), torch.tensor(rows)] = 1.0
        return control
    served = np.array([[name in SERVED[wanted] for name in expression.NAMES] for wanted in names])
    return torch.from_numpy(controls(source, target, served))
