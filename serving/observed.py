"""An engine that is watched: how long runs take, how many faces go at once, what fails and why."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Final

from contract.card import Card
from engines.protocol import (
    Array,
    Device,
    Engine,
    EngineError,
    KnowsDevices,
    TellsNotices,
    Wanted,
)
from engines.trace import traced_by
from serving.metrics import Metrics
from serving.tracing import outgoing, span

_WORDS: Final = re.compile(r"(?<!^)(?=[A-Z])")


class ObservedEngine:
    """Runs the models of `engine` and tells `metrics` and the trace; an Engine itself."""

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._engine = engine
        self._metrics = metrics

    def cards(self) -> Mapping[str, Card]:
        """The models that can be run, by name."""
        return self._engine.cards()

    def problems(self) -> Mapping[str, str]:
        """The models that cannot be run, by name, each with the reason."""
        return self._engine.problems()

    def devices(self) -> Mapping[str, Device]:
        """What each model runs on, by name; empty where the engine cannot say."""
        return self._engine.devices() if isinstance(self._engine, KnowsDevices) else {}

    def wanted_devices(self) -> Mapping[str, Wanted]:
        """What each model is meant for, by name; empty where the engine cannot say."""
        return self._engine.wanted_devices() if isinstance(self._engine, KnowsDevices) else {}

    def notices(self) -> Mapping[str, str]:
        """What an operator should know; empty where the engine tells nothing more."""
        return self._engine.notices() if isinstance(self._engine, TellsNotices) else {}

    def run(
        self, model: str, inputs: Mapping[str, Array], timeout: float | None = None
    ) -> dict[str, Array]:
        """All outputs of `model`, as Engine.run says."""
        batch = len(next(iter(inputs.values()))) if inputs else 0
        label = model if model in self._engine.cards() else "unknown"
        start = time.perf_counter()
        try:
            with span(f"run {model}", model=model, batch=batch), traced_by(outgoing()):
                return self._engine.run(model, inputs, timeout)
        except Exception as error:
            self._metrics.observe_failure(label, kind_of(error))
            raise
        finally:
            self._metrics.observe_run(label, batch, time.perf_counter() - start)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()


def kind_of(error: Exception) -> str:
    """One word of an engine's error for a label: `timeout`, `unavailable`, `model_missing`."""
    if not isinstance(error, EngineError):
        return "unforeseen"
    name = type(error).__name__.removesuffix("Error").removeprefix("Engine")
    return _WORDS.sub("_", name).lower() or "failed"
