"""Weights of an exported model, to go on training from what ships without the run that made it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

PREFIX: Final = "network."
"""What the exporter puts before the names of a network's own parameters."""


def exported_weights(folder: Path) -> dict[str, Tensor]:
    """The parameters, by their names in the network, of the newest version in `folder`.

    Float32. Raises FileNotFoundError when the folder holds no model.
    """
    versions = sorted(
        (int(path.parent.name), path)
        for path in folder.glob("*/model.onnx")
        if path.parent.name.isdigit()
    )
    if not versions:
        raise FileNotFoundError(f"{folder} holds no exported model (VERSION/model.onnx)")
    graph = onnx.load(versions[-1][1]).graph
    return {
        tensor.name.removeprefix(PREFIX): torch.from_numpy(
            numpy_helper.to_array(tensor).copy()
        ).float()
        for tensor in graph.initializer
        if tensor.name.startswith(PREFIX)
    }
