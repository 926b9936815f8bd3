"""Hold an ONNX model against the network that it came from, before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from contract.card import Tensor

Array = NDArray[np.float32]

BATCHES: Final = (1, 3, 8)
TOLERANCE: Final = 1e-3
"""Largest difference allowed in any output: an eighth of a grey level on the scale [-1, 1]."""


class VerificationError(RuntimeError):
    """The ONNX model and the network differ by more than the tolerance; nothing was written."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was compared: the number of comparisons and, per output, the largest difference."""

    comparisons: int
    largest: Mapping[str, float]

    def __str__(self) -> str:
        worst = ", ".join(f"{name} {value:.2e}" for name, value in self.largest.items())
        return f"torch and onnxruntime agree in {self.comparisons} comparisons; largest: {worst}"


def verify(
    module: nn.Module,
    model: bytes,
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    *,
    pictures: Array | None = None,
    controls: Array | None = None,
    tolerance: float = TOLERANCE,
) -> Agreement:
    """Compare `module` and the ONNX `model` at batches 1, 3 and 8.

    Inputs are random pictures and `pictures` (drawn ones, [M, 3, S, S] in [-1, 1]), each with zero
    controls, random ones and `controls` [K, C]. Raises VerificationError beyond `tolerance` or
    where an output is not finite.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [spec.name for spec in outputs]
    largest = dict.fromkeys(names, 0.0)
    comparisons = 0
    for feed in _feeds(inputs, pictures, controls):
        with torch.inference_mode():
            expected = module(*(torch.from_numpy(value) for value in feed.values()))
        if isinstance(expected, torch.Tensor):
            expected = (expected,)
        for name, want, got in zip(names, expected, session.run(names, feed), strict=True):
            difference = float(np.abs(want.float().numpy() - got).max())
            if not np.isfinite(got).all() or not np.isfinite(difference):
                raise VerificationError(f"output {name} of the ONNX model is not finite")
            largest[name] = max(largest[name], difference)
            comparisons += 1
    agreement = Agreement(comparisons, largest)
    if max(largest.values()) > tolerance:
        raise VerificationError(
            f"torch and onnxruntime differ by more than {tolerance:.1e}: "
            + ", ".join(f"{name} {value:.2e}" for name, value in largest.items())
        )
    return agreement


def _feeds(
    inputs: Sequence[Tensor], pictures: Array | None, controls: Array | None
) -> Iterator[dict[str, Array]]:
    image, rest = inputs[0], inputs[1:]
    draw = np.random.default_rng(0)
    for batch in BATCHES:
        shape = (batch, *image.shape[1:])
        seen: list[NDArray[np.floating]] = [draw.uniform(-1, 1, shape), np.zeros(shape)]
        if pictures is not None:
            seen.append(pictures[np.arange(batch) % len(pictures)])
        for picture in seen:
            feed = {image.name: picture.astype(np.float32)}
            if not rest:
                yield feed
                continue
            width = rest[0].shape[1]
            wanted: list[NDArray[np.floating]] = [
                np.zeros((batch, width)),
                draw.uniform(-1, 1, (batch, width)),
            ]
            if controls is not None:
                wanted.append(controls[draw.integers(len(controls), size=batch)])
            for control in wanted:
                yield {**feed, rest[0].name: control.astype(np.float32)}
