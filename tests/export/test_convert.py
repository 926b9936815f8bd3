"""Conversion: free batch, fixed names, the same bytes each time, half-size weights."""

from __future__ import annotations

import copy
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from contract.card import Tensor
from export.convert import ConversionError, halve, to_onnx
from export.verify import verify

PROGRAM = """
import hashlib, importlib.util, sys, torch
spec = importlib.util.spec_from_file_location("tiny", sys.argv[1])
tiny = importlib.util.module_from_spec(spec); spec.loader.exec_module(tiny)
from export.convert import to_onnx
torch.manual_seed(3)
model = to_onnx(tiny.Tiny().eval(), tiny.INPUTS, tiny.OUTPUTS)
print(hashlib.sha256(model).hexdigest())
"""


def test_names_shapes_and_free_batch(
    tiny: torch.nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
) -> None:
    model = onnx.load_from_string(to_onnx(tiny, inputs, outputs))
    for values, specs in ((model.graph.input, inputs), (model.graph.output, outputs)):
        assert [value.name for value in values] == [spec.name for spec in specs]
        for value, spec in zip(values, specs, strict=True):
            dims = value.type.tensor_type.shape.dim
            assert dims[0].dim_param == "batch"
            assert tuple(dim.dim_value for dim in dims[1:]) == spec.shape[1:]


def test_nothing_of_the_machine_is_left_in_the_model(
    tiny: torch.nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
) -> None:
    model = to_onnx(tiny, inputs, outputs)
    for trace in (os.getcwd(), "stack_trace", "site-packages", "conftest", torch.__version__):
        assert trace.encode() not in model


def test_two_processes_write_the_same_bytes(
    tiny: torch.nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
) -> None:
    here = hashlib.sha256(to_onnx(tiny, inputs, outputs)).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(Path(__file__).with_name("conftest.py"))],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": ".", "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
    )
    assert there.returncode == 0, there.stderr
    assert there.stdout.split()[-1] == here


def test_other_weights_give_other_bytes(
    tiny: torch.nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
) -> None:
    before = to_onnx(tiny, inputs, outputs)
    with torch.no_grad():
        next(tiny.parameters())[0, 0, 0, 0] += 1e-3
    assert to_onnx(tiny, inputs, outputs) != before


def test_a_network_that_is_not_as_its_card_says_is_refused(
    tiny: torch.nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
) -> None:
    with pytest.raises(ConversionError, match="its card says"):
        to_onnx(tiny, inputs, outputs[:1])


class Wide(torch.nn.Module):
    """One large convolution, so that the weights are most of the file."""

    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Conv2d(3, 64, 3, padding=1)
        self.head = torch.nn.Conv2d(64, 3, 3, padding=1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.head(torch.relu(self.body(image))))


def test_half_is_half_the_size_and_exact(inputs: tuple[Tensor, ...]) -> None:
    torch.manual_seed(0)
    network: Any = Wide().eval()
    rounded = copy.deepcopy(network)
    halve(rounded)
    image = inputs[:1]
    paint = (Tensor(name="paint", shape=image[0].shape),)
    full = to_onnx(network, image, paint)
    small = to_onnx(rounded, image, paint, half=True)
    assert len(small) < 0.6 * len(full)
    agreement = verify(rounded, small, image, paint, tolerance=1e-5)
    assert agreement.comparisons == 6
    assert not np.array_equal(network.body.weight.detach(), rounded.body.weight.detach())


def test_weights_beyond_float16_are_refused() -> None:
    network = Wide()
    with torch.no_grad():
        network.head.weight[0, 0, 0, 0] = 1e6
    with pytest.raises(ConversionError, match=r"head\.weight"):
        halve(network)
