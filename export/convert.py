"""PyTorch to ONNX bytes: free batch size, fixed names, the same bytes for the same weights.

What the tensors mean is the card's business; whether the result is right is `verify`'s.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from contract.card import Tensor

OPSET: Final = 18
"""The newest operator set that the exporter writes without converting afterwards."""

HALF_FROM: Final = 256
"""Weights with fewer elements than this stay float32: a cast would cost more than it saves."""


class ConversionError(RuntimeError):
    """The network cannot be written as ONNX with the tensors that its card states."""


def halve(module: nn.Module) -> None:
    """Round the weights of `module` in place to what float16 can hold, before conversion.

    Convolutions into which the converter folds a batch norm are not such numbers afterwards: they
    stay float32. So it is worth doing for networks without batch norm, as the editors are.
    Raises ConversionError when a weight does not fit into float16.
    """
    with torch.no_grad():
        for name, weight in module.named_parameters():
            rounded = weight.half().float()
            if not torch.isfinite(rounded).all():
                raise ConversionError(f"{name} does not fit into float16; export without --half")
            weight.copy_(rounded)


def to_onnx(
    module: nn.Module,
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    *,
    half: bool = False,
) -> bytes:
    """The ONNX model of `module`, whose forward takes `inputs` in order and returns `outputs`.

    The first dimension of every tensor is free and named "batch". With `half`, weights that float16
    holds without loss (see `halve`) are stored so and cast back when the model is loaded.
    Raises ConversionError when the network's outputs differ from `outputs`.
    """
    module = module.eval().float()
    example = tuple(torch.zeros(2, *spec.shape[1:]) for spec in inputs)
    _check_outputs(module, example, outputs)
    with _quietly():
        program = torch.onnx.export(
            module,
            example,
            dynamo=True,
            opset_version=OPSET,
            input_names=[spec.name for spec in inputs],
            output_names=[spec.name for spec in outputs],
            dynamic_shapes=tuple({0: torch.export.Dim.DYNAMIC} for _ in inputs),
            verbose=False,
        )
    if program is None:
        raise ConversionError("torch.onnx gave no program back")
    model = _plain(program.model_proto)
    _free_batch(model, outputs)
    if half:
        _store_half(model)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _check_outputs(
    module: nn.Module, example: tuple[torch.Tensor, ...], outputs: Sequence[Tensor]
) -> None:
    with torch.no_grad():
        results = module(*example)
    if isinstance(results, torch.Tensor):
        results = (results,)
    found = [tuple(result.shape[1:]) for result in results]
    wanted = [spec.shape[1:] for spec in outputs]
    if found != wanted:
        raise ConversionError(f"the network's outputs are {found}, its card says {wanted}")


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep the converter's progress lines and warnings out of our own output."""
    level = logging.getLogger("torch.onnx").level
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.getLogger("torch.onnx").setLevel(level)


def _plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """Drop all that names the machine, the source files or the libraries that wrote the model."""
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    plain.producer_name = "celmood"
    plain.producer_version = ""
    plain.doc_string = ""
    del plain.metadata_props[:]
    graph = plain.graph
    graph.name = "model"
    graph.doc_string = ""
    del graph.metadata_props[:]
    del graph.value_info[:]
    for part in (*graph.node, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    return plain


def _free_batch(model: onnx.ModelProto, outputs: Sequence[Tensor]) -> None:
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    for value, spec in zip(model.graph.output, outputs, strict=True):
        for dim, size in zip(value.type.tensor_type.shape.dim[1:], spec.shape[1:], strict=True):
            dim.dim_value = size


def _store_half(model: onnx.ModelProto) -> None:
    """Store each large weight that float16 holds exactly as float16, with a Cast in front."""
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(weight)
        with np.errstate(over="ignore"):
            short = values.astype(np.float16)
        if values.size < HALF_FROM or not np.array_equal(short.astype(np.float32), values):
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(short, f"{name}_half"))
        casts.append(
            onnx.helper.make_node(
                "Cast", [f"{name}_half"], [name], f"{name}_cast", to=onnx.TensorProto.FLOAT
            )
        )
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
