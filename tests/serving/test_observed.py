from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from engines.onnx_engine import OnnxEngine
from engines.protocol import (
    Array,
    EngineBusyError,
    EngineCancelledError,
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelInputError,
    ModelMissingError,
)
from serving.metrics import Metrics
from serving.observed import ObservedEngine, kind_of
from tests.serving.figures import read, value


def faces(engine: OnnxEngine, count: int) -> Mapping[str, Array]:
    """Inputs of the finder for `count` pictures."""
    size = engine.cards()["finder"].pixels.size
    return {"image": np.zeros((count, 3, size, size), np.float32)}


def test_a_run_is_the_engines_and_is_counted(engine: OnnxEngine) -> None:
    metrics = Metrics()
    watched = ObservedEngine(engine, metrics)
    inputs = faces(engine, 2)
    outputs = watched.run("finder", inputs, timeout=20)
    expected = engine.run("finder", inputs)
    assert outputs.keys() == expected.keys()
    assert all(np.array_equal(outputs[name], expected[name]) for name in expected)
    assert watched.cards() == engine.cards()
    assert watched.problems() == engine.problems()
    assert value(metrics.text(), "celmood_engine_run_seconds_count", model="finder") == 1
    assert value(metrics.text(), "celmood_engine_batch_size_sum", model="finder") == 2


def test_a_failed_run_is_counted_by_kind_and_raised(engine: OnnxEngine) -> None:
    metrics = Metrics()
    watched = ObservedEngine(engine, metrics)
    with pytest.raises(EngineTimeoutError):
        watched.run("finder", faces(engine, 1), timeout=0)
    with pytest.raises(ModelInputError):
        watched.run("finder", {"image": np.zeros((1, 3, 4, 4), np.float32)})
    text = metrics.text()
    assert value(text, "celmood_engine_errors_total", model="finder", kind="timeout") == 1
    assert value(text, "celmood_engine_errors_total", model="finder", kind="model_input") == 1
    assert value(text, "celmood_engine_run_seconds_count", model="finder") == 2


def test_a_name_that_the_engine_does_not_have_makes_no_series(engine: OnnxEngine) -> None:
    metrics = Metrics()
    with pytest.raises(ModelMissingError):
        ObservedEngine(engine, metrics).run("a name from outside", {})
    models = {dict(labels).get("model") for _, labels in read(metrics.text())}
    assert models <= {None, "unknown"}


def test_closing_closes_the_engine(model_repository) -> None:
    inner = OnnxEngine(model_repository, threads=1)
    watched = ObservedEngine(inner, Metrics())
    watched.close()
    with pytest.raises(EngineUnavailableError):
        inner.run("finder", {})


def test_the_kinds_of_failure() -> None:
    told = {
        EngineError: "failed",
        EngineTimeoutError: "timeout",
        EngineUnavailableError: "unavailable",
        EngineBusyError: "busy",
        EngineCancelledError: "cancelled",
        ModelInputError: "model_input",
    }
    assert {kind: kind_of(kind("why")) for kind in told} == told
    assert kind_of(ModelMissingError("x", {}, {})) == "model_missing"
    assert kind_of(ZeroDivisionError()) == "unforeseen"
