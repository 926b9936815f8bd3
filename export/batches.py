"""`python -m export batches`: how many pictures a second a model does at each batch size.

It is what the largest batch of a task in `export.triton` is chosen by.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported

import numpy as np
import onnxruntime

from contract.card import Card, CardError, read_card
from trainer.command import refusals_told

SIZES: Final = (1, 2, 4, 8, 16, 32)


def measure(
    card: Card,
    weights: Path,
    sizes: Sequence[int],
    *,
    runs: int,
    threads: int,
    provider: str,
) -> Mapping[int, float]:
    """Seconds of one run, the median of `runs`, by batch size."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(weights, options, providers=[provider])
    if session.get_providers()[0] != provider:
        raise CardError(f"{card.name} runs on {session.get_providers()[0]}, not on {provider}")
    draw = np.random.default_rng(0)
    seconds: dict[int, float] = {}
    for size in sizes:
        feed = {
            tensor.name: draw.uniform(-1, 1, (size, *tensor.shape[1:])).astype(np.float32)
            for tensor in card.inputs
        }
        session.run(None, feed)
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            session.run(None, feed)
            times.append(time.perf_counter() - start)
        seconds[size] = statistics.median(times)
    return seconds


@refusals_told
def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m export batches", description="Time models at several batch sizes."
    )
    parser.add_argument("models", nargs="*", help="names (default: all)")
    parser.add_argument("--repository", type=Path, default=Path("model_repository"))
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--runs", type=int, default=5, help="per size; the median counts")
    parser.add_argument("--threads", type=int, default=0, help="0 (default): onnxruntime's choice")
    parser.add_argument("--provider", default="CPUExecutionProvider")
    given = parser.parse_args(arguments)
    names = given.models or sorted(p.parent.name for p in given.repository.glob("*/card.json"))
    for name in names:
        card = read_card(given.repository / name / "card.json")
        seconds = measure(
            card,
            given.repository / name / str(card.version) / "model.onnx",
            given.sizes,
            runs=given.runs,
            threads=given.threads,
            provider=given.provider,
        )
        for size, each in seconds.items():
            rate = size / each
            print(f"{name:12} {size:3}  {1e3 * each:8.1f} ms  {rate:7.1f} pictures/s")
    return 0
