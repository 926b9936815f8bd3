"""Tiny ONNX models that do something one can see: a finder of magenta squares, a painting editor.

A magenta square of side s is the middle of a face: its box has side 4 s, its eyes lie s to the left
and to the right. The editor moves and paints a round spot, as strongly as the control asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from contract.card import Card
from contract.expression import PARAMETERS
from contract.labels import LANDMARKS
from tests.engines.tiny_models import landmark_nodes, tiny_editor, tiny_finder, write_model

EDITOR_SIZE = 64
PAINT = (0.5, -0.4, 0.1)
"""What the editor adds to a quarter of the picture, per channel, -1 to 1."""

BOX_SIDES = 4.0
OFFSETS = {
    "left_eye": (-1.0, -0.1), "left_eye_outer": (-1.5, -0.1), "left_eye_inner": (-0.5, -0.1),
    "right_eye": (1.0, -0.1), "right_eye_outer": (1.5, -0.1), "right_eye_inner": (0.5, -0.1),
    "mouth": (0.0, 1.4), "chin": (0, 2),
}  # fmt: skip
"""Landmarks around the middle of the square, in sides of it; the others are at the middle."""


def write_magenta_repository(folder: Path, drawn: Sequence[str] = ()) -> Path:
    """Write the models `expression`, which leaves `drawn` to be drawn, and `finder` under `folder`
    and return it."""
    write_model(folder, *painting_editor(drawn=drawn))
    write_model(folder, *magenta_finder())
    return folder


def painting_editor(name: str = "expression", drawn: Sequence[str] = ()) -> tuple[Card, bytes]:
    """mask = spot x min(1, 0.3 sum |values|), paint = image / 4 + PAINT, moves by mask x 0.02.

    `drawn` and its landmarks are those of `tests.engines.tiny_models.tiny_editor`.
    """
    card, _ = tiny_editor(EDITOR_SIZE, drawn)
    count = len(PARAMETERS)
    grid = (np.arange(EDITOR_SIZE, dtype=np.float32) + 0.5) / EDITOR_SIZE - 0.5
    spot = np.clip(4 - 16 * np.hypot(grid[None], grid[:, None] - 0.1), 0, 1)
    nodes = [
        helper.make_node("Slice", ["control", "zero", "count", "axis"], ["values"]),
        helper.make_node("Abs", ["values"], ["sizes"]),
        helper.make_node("ReduceSum", ["sizes", "axis"], ["sum"], keepdims=1),
        helper.make_node("Mul", ["sum", "gain"], ["gained"]),
        helper.make_node("Min", ["gained", "one"], ["strength"]),
        helper.make_node("Reshape", ["strength", "as_picture"], ["factor"]),
        helper.make_node("Mul", ["spot", "factor"], ["mask"]),
        helper.make_node("Mul", ["mask", "step"], ["displacement"]),
        helper.make_node("Mul", ["image", "quarter"], ["faint"]),
        helper.make_node("Add", ["faint", "colour"], ["paint"]),
    ]
    constants = {
        "zero": np.array([0], np.int64),
        "count": np.array([count], np.int64),
        "axis": np.array([1], np.int64),
        "gain": np.array([0.3], np.float32),
        "one": np.array([1], np.float32),
        "as_picture": np.array([-1, 1, 1, 1], np.int64),
        "spot": spot[None, None].astype(np.float32),
        "step": np.array([0.02, -0.01], np.float32).reshape(1, 2, 1, 1),
        "quarter": np.array([0.25], np.float32),
        "colour": np.array(PAINT, np.float32).reshape(1, 3, 1, 1),
    }
    if drawn:
        more, points = landmark_nodes()
        nodes, constants = nodes + more, constants | points
    return card.model_copy(update={"name": name}), _weights(card, nodes, constants)


def magenta_finder() -> tuple[Card, bytes]:
    """Heat peaks at the middle of magenta squares of 6 to 40 px; their area gives the size."""
    card, _ = tiny_finder(256)
    reach = np.arange(81, dtype=np.float32) - 40
    near = np.exp(-(reach[None] ** 2 + reach[:, None] ** 2) / (2 * 20.0**2))
    offsets = np.array([OFFSETS.get(name, (0, 0)) for name in LANDMARKS], np.float32)
    conv: dict[str, Any] = {"strides": [4, 4], "pads": [38, 38, 39, 39]}
    nodes = [
        helper.make_node("Split", ["image"], ["red", "green", "blue"], axis=1, num_outputs=3),
        helper.make_node("Neg", ["green"], ["lack"]),
        helper.make_node("Min", ["red", "lack", "blue"], ["magenta"]),
        helper.make_node("Sub", ["magenta", "half"], ["above"]),
        helper.make_node("Relu", ["above"], ["some"]),
        helper.make_node("Mul", ["some", "two"], ["share"]),
        helper.make_node("Conv", ["share", "near"], ["close"], **conv),
        helper.make_node("Add", ["close", "twenty"], ["more"]),
        helper.make_node("Div", ["close", "more"], ["heat"]),
        helper.make_node("Conv", ["share", "ones"], ["area"], **conv),
        helper.make_node("Relu", ["area"], ["area_"]),
        helper.make_node("Sqrt", ["area_"], ["side"]),
        helper.make_node("Conv", ["side", "sides"], ["box"]),
        helper.make_node("Conv", ["side", "offsets"], ["landmarks"]),
    ]
    constants = {
        "half": np.array([0.5], np.float32),
        "two": np.array([2], np.float32),
        "near": near[None, None].astype(np.float32),
        "twenty": np.array([20], np.float32),
        "ones": np.ones((1, 1, 81, 81), np.float32),
        "sides": np.full((4, 1, 1, 1), BOX_SIDES / 2 / 256, np.float32),
        "offsets": (offsets.reshape(-1, 1, 1, 1) / 256).astype(np.float32),
    }
    return card, _weights(card, nodes, constants)


def _weights(card: Card, nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray]) -> bytes:
    def infos(tensors):
        return [
            helper.make_tensor_value_info(
                t.name, TensorProto.FLOAT, ["N" if n == -1 else n for n in t.shape]
            )
            for t in tensors
        ]

    graph = helper.make_graph(
        nodes,
        card.name,
        infos(card.inputs),
        infos(card.outputs),
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
