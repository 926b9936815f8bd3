"""A model repository whose editor has as much to compute as a StarGAN: 20 GFLOP more a face.

The shipped editor, with a tower of convolutions beside it whose result is added to the mask too
faintly to be seen. So the pictures are right and the time is that of a large network.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

from contract.card import parse_card

_CHANNELS: Final = 64
_FAINT: Final = 1e-12


def heavy_repository(repository: Path, folder: Path, gflop: float) -> Path:
    """A copy of `repository` in `folder` whose editors do about `gflop` 10^9 operations more."""
    shutil.copytree(repository, folder, dirs_exist_ok=True)
    for place in folder.glob("*/card.json"):
        card = parse_card(place.read_text(encoding="utf-8"), str(place))
        if card.task != "edit_expression":
            continue
        weights = place.parent / str(card.version) / "model.onnx"
        model = onnx.load(weights)
        _burden(model.graph, card.pixels.size, gflop)
        weights.write_bytes(model.SerializeToString())
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        text = card.model_copy(update={"weights_sha256": digest}).model_dump_json(indent=2)
        place.write_text(text + "\n", encoding="utf-8")
    return folder


def _burden(graph: onnx.GraphProto, size: int, gflop: float) -> None:
    """Put the tower between the editor's mask and its output of that name."""
    for node in graph.node:
        for i, name in enumerate(node.output):
            if name == "mask":
                node.output[i] = "mask_alone"
    side = size // 2
    each = 2 * 9 * _CHANNELS**2 * side**2 / 1e9
    rng = np.random.default_rng(0)
    last, channels = "image", 3
    for i in range(1 + max(1, round(gflop / each))):
        kernel = rng.normal(0, (2 / 9 / channels) ** 0.5, (_CHANNELS, channels, 3, 3))
        graph.initializer.append(numpy_helper.from_array(kernel.astype(np.float32), f"tower_w{i}"))
        stride = 2 if i == 0 else 1
        graph.node.append(
            helper.make_node(
                "Conv",
                [last, f"tower_w{i}"],
                [f"tower_{i}"],
                strides=[stride, stride],
                pads=[1, 1, 1, 1],
            )
        )
        graph.node.append(helper.make_node("Relu", [f"tower_{i}"], [f"tower_r{i}"]))
        last, channels = f"tower_r{i}", _CHANNELS
    kernel = np.full((1, _CHANNELS, 1, 1), _FAINT, np.float32)
    graph.initializer.append(numpy_helper.from_array(kernel, "tower_top"))
    graph.node.append(helper.make_node("Conv", [last, "tower_top"], ["tower_map"]))
    graph.node.append(helper.make_node("GlobalAveragePool", ["tower_map"], ["tower_mean"]))
    graph.node.append(helper.make_node("Add", ["mask_alone", "tower_mean"], ["mask"]))
