"""What this machine can do in one process, without HTTP, from one thread or from several.

Two figures: the very edit that the gateway makes, and, as the most that is thinkable, the bare
models. For that the pipeline is watched once on the picture; then the same tensors go through plain
onnxruntime sessions, between the gateway's own decoder and encoder, with nothing else.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported

import onnxruntime as ort

from contract.card import Card
from engines.onnx_engine import OnnxEngine
from engines.protocol import Array, Engine
from engines.repository import read_repository
from serving.picture import decode, encode
from serving.pipeline import Pipeline
from serving.settings import Settings, from_environment

Runs = list[tuple[str, dict[str, Array]]]


class _Watched:
    """An engine that keeps what goes through it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.runs: Runs = []

    def cards(self) -> Mapping[str, Card]:
        return self._engine.cards()

    def problems(self) -> Mapping[str, str]:
        return self._engine.problems()

    def run(
        self, model: str, inputs: Mapping[str, Array], timeout: float | None = None
    ) -> dict[str, Array]:
        self.runs.append((model, dict(inputs)))
        return self._engine.run(model, inputs, timeout)

    def close(self) -> None:
        self._engine.close()


@dataclass(frozen=True)
class InProcess:
    """What `callers` threads reach, each model run on `run_threads` threads.

    `cpu_ms` is the processor time per picture: it tells more than the rate on a busy machine.
    """

    callers: int
    run_threads: int
    pictures_per_second: float
    cpu_ms: float


@dataclass(frozen=True)
class Work:
    """What one picture asks for: its bytes, the models' inputs, the result's bytes."""

    data: bytes
    expression: str
    runs: Runs
    result: bytes
    settings: Settings
    repository: Path


def watch(data: bytes, expression: str, repository: Path) -> Work:
    """Run the pipeline once on `data`. Raises what the pipeline raises."""
    settings = from_environment({}, model_repository=repository)
    engine = _Watched(OnnxEngine(repository))
    try:
        result = Pipeline(engine, settings).edit(data, expression)
    finally:
        engine.close()
    return Work(data, expression, engine.runs, result.data, settings, repository)


def measure_models(work: Work, callers: int, run_threads: int, seconds: float) -> InProcess:
    """Decode, the models' runs and encode, over and over in `callers` threads for `seconds`."""
    sessions = _sessions(work, run_threads)
    limits = work.settings
    edited = decode(work.result, max_bytes=2**62, max_pixels=2**62)

    def once() -> None:
        decode(work.data, max_bytes=limits.max_bytes, max_pixels=limits.max_pixels)
        for model, inputs in work.runs:
            sessions[model].run(None, inputs)
        encode(edited)

    once()
    return InProcess(callers, run_threads, *_rate(once, callers, seconds))


def measure_edits(work: Work, callers: int, run_threads: int, seconds: float) -> InProcess:
    """The whole edit, as the gateway makes it, over and over in `callers` threads for `seconds`."""
    engine = OnnxEngine(work.repository, threads=run_threads)
    pipeline = Pipeline(engine, work.settings)
    try:
        once = partial(pipeline.edit, work.data, work.expression)
        once()
        return InProcess(callers, run_threads, *_rate(once, callers, seconds))
    finally:
        engine.close()


def _sessions(work: Work, run_threads: int) -> dict[str, ort.InferenceSession]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = run_threads
    stored = read_repository(work.repository).models
    return {
        name: ort.InferenceSession(
            stored[name].weights(), options, providers=["CPUExecutionProvider"]
        )
        for name in {name for name, _ in work.runs}
    }


def _rate(once: Callable[[], object], callers: int, seconds: float) -> tuple[float, float]:
    """Calls per second, and processor milliseconds per call; calls begun in time are ended."""
    counts, rates = [0] * callers, [0.0] * callers
    start, cpu = time.perf_counter(), time.process_time()

    def repeat(caller: int) -> None:
        while time.perf_counter() - start < seconds:
            once()
            counts[caller] += 1
        rates[caller] = counts[caller] / (time.perf_counter() - start)

    threads = [threading.Thread(target=repeat, args=(caller,)) for caller in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(rates), 1e3 * (time.process_time() - cpu) / sum(counts)
