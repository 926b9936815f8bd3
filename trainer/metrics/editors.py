"""Editors to measure: a training run's network or an exported model, called alike.

An editor takes pictures and controls and gives the changed pictures, composed at the crop's size;
what the network leaves to be drawn is drawn as the service draws it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

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
    Control,
    ExpressionVector,
    OneHot,
    Pixels,
    check_weights,
    read_card,
)
from contract.control import control_of, expression_vector, split
from contract.pixels import from_network, to_network
from faces.canvas import Canvas
from faces.change import Change
from faces.edit import edit
from faces.plan import plan
from trainer.data.source import controls
from trainer.methods import registry
from trainer.networks.cel import warp

SERVED: Final = expression_vector()

_SAME: Final = np.hstack([np.eye(2), np.zeros((2, 1))])
"""The transform from a crop to itself."""


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


class Layers(NamedTuple):
    """What a network wants changed, as `trainer.networks.cel.Change` describes it."""

    paint: Tensor
    mask: Tensor
    displacement: Tensor | None = None
    landmarks: Tensor | None = None


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

    @property
    def control(self) -> Control:
        """What its controls mean, and which parameters of them are drawn beside its change."""
        ...

    def change(self, pictures: Tensor, control: Tensor) -> Layers:
        """What its network makes of a control, less what is drawn."""
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
        self.control: Control = OneHot() if one_hot else expression_vector(method.drawn)

    @torch.inference_mode()
    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        """See Editor."""
        return edited(self, pictures, control)

    @torch.inference_mode()
    def change(self, pictures: Tensor, control: Tensor) -> Layers:
        """See Changer."""
        pictures = pictures.to(self.device, memory_format=torch.channels_last)
        asked = _asked(self.control, control)
        found: Sequence[Tensor] = self.network(pictures, asked.to(self.device))
        return Layers(*(layer.float().cpu() for layer in found))


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
        assert card.control is not None  # the card's own rule for this task
        self.control: Control = card.control
        self.labels: tuple[str, ...] | None = card.labels
        if isinstance(card.control, ExpressionVector):
            if tuple(p.name for p in card.control.parameters) != expression.NAMES:
                raise EditorError(f"{folder} was made with other face parameters; export it again")
            self.labels = None

    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        """See Editor."""
        return edited(self, pictures, control)

    def change(self, pictures: Tensor, control: Tensor) -> Layers:
        """See Changer."""
        names = [spec.name for spec in self.card.outputs]
        asked = _asked(self.control, control)
        feed = {"image": pictures.contiguous().numpy(), "control": asked.numpy()}
        found = dict(zip(names, self.session.run(names, feed), strict=True))
        return Layers(
            **{name: torch.from_numpy(found[name]) for name in Layers._fields if name in found}
        )


def open_editor(folder: Path, device: str = "cpu") -> TrainedEditor | ExportedEditor:
    """The exported model or the run in `folder`."""
    exported = (folder / "card.json").exists()
    return ExportedEditor(folder) if exported else TrainedEditor(folder, device)


def faded(change: Layers, share: float | Tensor) -> Layers:
    """A change with only a share, 0 to 1, of mask and displacement: a number, or [N,1,1,1]."""
    moves = change.displacement
    return change._replace(
        mask=change.mask * share, displacement=None if moves is None else moves * share
    )


def composed(pictures: Tensor, change: Layers) -> Tensor:
    """What a change makes of pictures [N,3,S,S] in [-1,1], without what is drawn beside it."""
    moves = change.displacement
    ground = pictures if moves is None else warp(pictures, moves)
    return torch.lerp(ground, change.paint.float(), change.mask.float())


def edited(
    editor: Changer, pictures: Tensor, control: Tensor, shares: Sequence[float] | None = None
) -> Tensor:
    """Pictures [N,3,S,S] in [-1,1] changed as `control` [N,C] asks, with `shares` [N] of it.

    Where nothing is drawn beside the change, it is composed in floats; otherwise as the service
    does it, in bytes.
    """
    shares = shares or [1.0] * len(pictures)
    change = faded(editor.change(pictures, control), torch.tensor(shares).view(-1, 1, 1, 1))
    if not drawn(editor.control):
        return composed(pictures, change)
    faces = from_network(pictures.contiguous().numpy(), editor.pixels)
    results = []
    for i, face in enumerate(faces):
        pixels = face.copy()
        assert change.landmarks is not None  # the card's own rule where something is drawn
        planned = plan(editor.control, control[i].numpy(), face, {}, _SAME, shares[i])
        drawing = planned.drawing(change.landmarks[i].numpy())
        edit(pixels, Canvas(face), _SAME, face, change_of(editor.pixels, change, i), drawing)
        results.append(to_network(pixels, editor.pixels)[0])
    return torch.from_numpy(np.stack(results))


def change_of(pixels: Pixels, layers: Layers, i: int) -> Change:
    """The i-th change of `layers`, as `faces.change` takes it."""
    low, high = pixels.value_range
    moves = layers.displacement
    return Change(
        ((layers.paint[i] - low) / (high - low)).numpy(),
        layers.mask[i, 0].numpy(),
        None if moves is None else moves[i].numpy(),
    )


def drawn(control: Control) -> tuple[str, ...]:
    """The parameters that are drawn beside the network's change."""
    return control.drawn if isinstance(control, ExpressionVector) else ()


def _asked(meaning: Control, control: Tensor) -> Tensor:
    """Controls [N,C] less what is drawn."""
    if not drawn(meaning):
        return control
    return torch.from_numpy(np.stack([split(meaning, row)[0] for row in control.numpy()]))


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
