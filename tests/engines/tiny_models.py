"""Tiny ONNX models with cards, in a repository on disk: what tests run in place of real weights.

The editor paints the inverse of the picture, inside a square, as strongly as the control asks for.
The finder sees one face, always in the same place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from contract.alignment import TEMPLATE
from contract.card import (
    Alignment,
    Card,
    ExpressionVector,
    ParameterSpec,
    Pixels,
    Provenance,
    Tensor,
)
from contract.expression import EXPRESSIONS, PARAMETERS, served_presets
from contract.labels import ATTRIBUTES, LANDMARKS
from tests.painted_faces import points_in

PROVENANCE = Provenance(
    recipe="none", data="none", seed=0, revision="none", pictures_seen=0, libraries={}
)

FACE = {"left": 0.30, "top": 0.25, "right": 0.70, "bottom": 0.70}
"""The face that the finder sees, in fractions of the letterboxed square."""

FACE_POINTS = {"left_eye": (0.40, 0.47), "right_eye": (0.60, 0.47), "chin": (0.50, 0.69)}
"""Landmarks of that face; those not named lie at its mouth, (0.5, 0.6)."""


def write_model(folder: Path, card: Card, weights: bytes) -> Card:
    """Write `folder/NAME` in Triton's layout; the card as written, with the sha256 filled in."""
    card = card.model_copy(update={"weights_sha256": hashlib.sha256(weights).hexdigest()})
    place = folder / card.name
    (place / str(card.version)).mkdir(parents=True)
    (place / "card.json").write_text(card.model_dump_json(indent=2), encoding="utf-8")
    (place / str(card.version) / "model.onnx").write_bytes(weights)
    return card


def write_repository(folder: Path, *, editor_size: int = 64, finder_size: int = 256) -> Path:
    """Write the models `expression` and `finder` under `folder` and return it."""
    write_model(folder, *tiny_editor(editor_size))
    write_model(folder, *tiny_finder(finder_size))
    return folder


def tiny_editor(size: int = 64, drawn: Sequence[str] = ()) -> tuple[Card, bytes]:
    """Card and weights: paint = -image, mask = a square x min(1, sum |control|), no motion.

    With `drawn`, those parameters are left to be drawn, by the landmarks of
    `landmark_nodes`.
    """
    controls = 2 * len(PARAMETERS)
    seen = landmark_nodes() if drawn else ([], {})
    landmarks: dict[str, Sequence[int]] = {"landmarks": (2, len(LANDMARKS), 2)} if drawn else {}
    square = np.zeros((1, 1, size, size), np.float32)
    square[..., size // 4 : size - size // 4, size // 4 : size - size // 4] = 1
    weights = _model(
        nodes=[
            helper.make_node("Neg", ["image"], ["paint"]),
            helper.make_node("Abs", ["control"], ["size"]),
            helper.make_node("ReduceSum", ["size", "axis"], ["sum"], keepdims=1),
            helper.make_node("Min", ["sum", "one"], ["strength"]),
            helper.make_node("Reshape", ["strength", "as_picture"], ["factor"]),
            helper.make_node("Mul", ["square", "factor"], ["mask"]),
            helper.make_node("Mul", ["mask", "still"], ["displacement"]),
            *seen[0],
        ],
        constants={
            **seen[1],
            "axis": np.array([1], np.int64),
            "one": np.array([1], np.float32),
            "as_picture": np.array([-1, 1, 1, 1], np.int64),
            "square": square,
            "still": np.zeros((1, 2, 1, 1), np.float32),
        },
        inputs={"image": ("N", 3, size, size), "control": ("N", controls)},
        outputs={
            "paint": ("N", 3, size, size),
            "mask": ("N", 1, size, size),
            "displacement": ("N", 2, size, size),
            **{name: ("N", *shape) for name, shape in landmarks.items()},
        },
    )
    card = Card(
        name="expression",
        task="edit_expression",
        description="inverts the middle of the picture",
        inputs=(
            Tensor(name="image", shape=(-1, 3, size, size)),
            Tensor(name="control", shape=(-1, controls)),
        ),
        outputs=(
            Tensor(name="paint", shape=(-1, 3, size, size)),
            Tensor(name="mask", shape=(-1, 1, size, size)),
            Tensor(name="displacement", shape=(-1, 2, size, size)),
            *(Tensor(name=name, shape=(-1, *shape)) for name, shape in landmarks.items()),
        ),
        pixels=Pixels(size=size),
        alignment=Alignment(points=TEMPLATE),
        control=ExpressionVector(
            parameters=tuple(
                ParameterSpec(name=p.name, low=p.low, high=p.high, neutral=p.neutral)
                for p in PARAMETERS
            ),
            presets=served_presets(),
            drawn=tuple(drawn),
        ),
        licence="Apache-2.0",
        provenance=PROVENANCE,
        weights_sha256="0" * 64,
    )
    return card, weights


def landmark_nodes() -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    """What gives an editor with `strength` and `as_picture` the output landmarks: `points_in()`,
    and after the change the same, with lower lids 0.02 sides higher."""
    points = np.tile(np.array(list(points_in().values()), np.float32), (1, 2, 1, 1))
    points[:, 1, [name.endswith("eye_bottom") for name in LANDMARKS], 1] -= 0.02
    nodes = [
        helper.make_node("Mul", ["strength", "nothing"], ["zeros"]),
        helper.make_node("Reshape", ["zeros", "as_picture"], ["batch"]),
        helper.make_node("Add", ["points", "batch"], ["landmarks"]),
    ]
    return nodes, {"points": points, "nothing": np.zeros(1, np.float32)}


def tiny_finder(size: int = 256) -> tuple[Card, bytes]:
    """Card and weights of a finder that sees `FACE` in every picture, with a score of 0.9."""
    cells = size // 4
    heat = np.zeros((1, 1, cells, cells), np.float32)
    box = np.zeros((1, 4, cells, cells), np.float32)
    points = np.zeros((1, 2 * len(LANDMARKS), cells, cells), np.float32)
    centre_x, centre_y = (FACE["left"] + FACE["right"]) / 2, (FACE["top"] + FACE["bottom"]) / 2
    row, column = int(centre_y * cells), int(centre_x * cells)
    x, y = (column + 0.5) / cells, (row + 0.5) / cells  # centre of the cell
    heat[0, 0, row, column] = 0.9
    box[0, :, row, column] = (
        x - FACE["left"],
        y - FACE["top"],
        FACE["right"] - x,
        FACE["bottom"] - y,
    )
    for i, name in enumerate(LANDMARKS):
        point = FACE_POINTS.get(name, (0.5, 0.6))
        points[0, 2 * i : 2 * i + 2, row, column] = (point[0] - x, point[1] - y)
    seen = {"heat": heat, "box": box, "landmarks": points}
    weights = _model(
        nodes=[
            helper.make_node("ReduceMean", ["image", "axes"], ["mean"], keepdims=1),
            helper.make_node("Mul", ["mean", "nothing"], ["batch"]),  # zeros [N,1,1,1]
            *(helper.make_node("Add", [f"{name}_seen", "batch"], [name]) for name in seen),
        ],
        constants={
            "axes": np.array([1, 2, 3], np.int64),
            "nothing": np.zeros(1, np.float32),
            **{f"{name}_seen": array for name, array in seen.items()},
        },
        inputs={"image": ("N", 3, size, size)},
        outputs={name: ("N", *array.shape[1:]) for name, array in seen.items()},
    )
    card = Card(
        name="finder",
        task="find_faces",
        description="sees one face, always in the same place",
        inputs=(Tensor(name="image", shape=(-1, 3, size, size)),),
        outputs=tuple(
            Tensor(name=name, shape=(-1, *array.shape[1:])) for name, array in seen.items()
        ),
        pixels=Pixels(size=size),
        labels=LANDMARKS,
        licence="Apache-2.0",
        provenance=PROVENANCE,
        weights_sha256="0" * 64,
    )
    return card, weights


def tiny_reader(size: int = 32) -> tuple[Card, bytes]:
    """Card and weights of a reader that sees the picture's brightness, 0 to 1, in everything: as
    the scaled value of every parameter, the share of the second expression (the rest is neutral),
    and every attribute."""
    first, second = np.zeros((1, len(EXPRESSIONS))), np.zeros((1, len(EXPRESSIONS)))
    first[0, 0], second[0, 0], second[0, 1] = 1.0, -1.0, 1.0
    weights = _model(
        nodes=[
            helper.make_node("ReduceMean", ["image", "axes"], ["mean"], keepdims=0),
            helper.make_node("Add", ["mean", "one"], ["twice"]),
            helper.make_node("Mul", ["twice", "half"], ["light"]),
            helper.make_node("Reshape", ["light", "column"], ["lights"]),  # [N,1]
            helper.make_node("MatMul", ["lights", "parameters"], ["vector"]),
            helper.make_node("MatMul", ["lights", "second"], ["moved"]),
            helper.make_node("Add", ["moved", "first"], ["expression"]),
            helper.make_node("MatMul", ["lights", "attribute_ones"], ["attributes"]),
        ],
        constants={
            "axes": np.array([1, 2, 3], np.int64),
            "one": np.array([1], np.float32),
            "half": np.array([0.5], np.float32),
            "column": np.array([-1, 1], np.int64),
            "parameters": np.ones((1, len(PARAMETERS)), np.float32),
            "first": first.astype(np.float32),
            "second": second.astype(np.float32),
            "attribute_ones": np.ones((1, len(ATTRIBUTES)), np.float32),
        },
        inputs={"image": ("N", 3, size, size)},
        outputs={
            "vector": ("N", len(PARAMETERS)),
            "expression": ("N", len(EXPRESSIONS)),
            "attributes": ("N", len(ATTRIBUTES)),
        },
    )
    editor, _ = tiny_editor(size)
    card = editor.model_copy(
        update={
            "name": "reader",
            "task": "read_expression",
            "description": "reads the picture's brightness as its expression",
            "inputs": editor.inputs[:1],
            "outputs": (
                Tensor(name="vector", shape=(-1, len(PARAMETERS))),
                Tensor(name="expression", shape=(-1, len(EXPRESSIONS))),
                Tensor(name="attributes", shape=(-1, len(ATTRIBUTES))),
            ),
            "labels": EXPRESSIONS,
            "attributes": ATTRIBUTES,
        }
    )
    return card, weights


def tiny_loop(steps: int = 100_000_000) -> tuple[Card, bytes]:
    """Card and weights of an editor that takes very long: to try timeouts on."""
    card, _ = tiny_editor(8)
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Sin", ["state"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
        ],
    )
    weights = _model(
        nodes=[
            helper.make_node("Identity", ["control"], ["control_seen"]),
            helper.make_node("Loop", ["steps", "", "image"], ["paint"], body=body),
        ],
        constants={"steps": np.array(steps, np.int64)},
        inputs={"image": ("N", 3, 8, 8), "control": ("N", 2 * len(PARAMETERS))},
        outputs={"paint": ("N", 3, 8, 8)},
    )
    return card.model_copy(update={"name": "slow", "outputs": card.outputs[:1]}), weights


def _model(
    nodes: Sequence[onnx.NodeProto],
    constants: dict[str, np.ndarray],
    inputs: dict[str, Sequence[int | str]],
    outputs: dict[str, Sequence[int | str]],
) -> bytes:
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
