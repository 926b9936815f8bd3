"""The engine in this process: onnxruntime sessions over a model repository.

Models are opened at the start, so that the first picture is not slower than the next, and a model
that cannot be opened is known before anybody asks for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import onnxruntime as ort

from contract.card import Card, CardError, Tensor
from engines.alarm import Alarm
from engines.cancel import current
from engines.company import cores_are_busy
from engines.cores import usable_cores
from engines.protocol import (
    Array,
    Device,
    EngineCancelledError,
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelMissingError,
    Wanted,
)
from engines.repository import StoredModel, read_repository
from engines.tensors import check_inputs

CPU: Final = "CPUExecutionProvider"
_log = logging.getLogger("celmood")
_DTYPES: Final = {"tensor(float)": "float32", "tensor(int64)": "int64", "tensor(uint8)": "uint8"}


class OnnxEngine:
    """Runs the models of `repository` with onnxruntime; an Engine.

    `providers` are tried in order and all have to be used: a session that falls back to another
    one is a problem, not a slower success. `threads` is the intra-op pool of each session; by
    default the cores that this process may use. Where pictures keep these busy (`engines.company`),
    a run on the CPU takes one thread: a second session of each model, with the same results.
    """

    def __init__(
        self,
        repository: Path,
        *,
        providers: Sequence[str] = (CPU,),
        threads: int | None = None,
    ) -> None:
        ort.disable_telemetry_events()
        stored = read_repository(repository)
        self._providers = tuple(providers)
        self._lost: dict[str, str] = {}
        self._cards: dict[str, Card] = {}
        self._problems = dict(stored.problems)
        self._threads = threads or usable_cores()
        self._sessions: dict[str, ort.InferenceSession] = {}
        self._narrow: dict[str, ort.InferenceSession] = {}
        self._alarm = Alarm()
        self._closed = False
        for name, model in stored.models.items():
            try:
                self._sessions[name] = _open(model, providers, self._threads)
                if self._threads > 1 and self._providers == (CPU,):
                    self._narrow[name] = _open(model, providers, 1)
                self._cards[name] = model.card
            except CardError as error:
                self._problems[name] = str(error)

    def cards(self) -> Mapping[str, Card]:
        """The models that can be run, by name."""
        return self._cards

    def problems(self) -> Mapping[str, str]:
        """The models that could not be opened or have lost their provider since, by name, each with
        the reason.
        """
        return {**self._problems, **self._lost}

    def devices(self) -> Mapping[str, Device]:
        """What each model runs on, by the provider that comes first."""
        return {name: _device(session.get_providers()) for name, session in self._sessions.items()}

    def wanted_devices(self) -> Mapping[str, Wanted]:
        """What each model is meant for, by the provider that was to come first."""
        return dict.fromkeys(self._sessions, _device(self._providers))

    def run(
        self, model: str, inputs: Mapping[str, Array], timeout: float | None = None
    ) -> dict[str, Array]:
        """All outputs of `model`, as Engine.run says.

        A timeout, or a caller who does not wait any more, ends the run between two layers.
        """
        if self._closed:
            raise EngineUnavailableError("the engine is closed")
        session = self._session(model)
        card = self._cards[model]
        check_inputs(card, inputs)
        if timeout is not None and timeout <= 0:
            raise EngineTimeoutError(f"no time is left to run {model}")
        names = [tensor.name for tensor in card.outputs]
        options = ort.RunOptions()
        options.log_severity_level = 4
        reasons: list[EngineError] = []

        def end(reason: EngineError) -> None:
            reasons.append(reason)
            options.terminate = True

        with ExitStack() as watched:
            if timeout is not None:
                late = EngineTimeoutError(f"{model} did not end within {timeout:g} s")
                watched.enter_context(self._alarm.calling(timeout, lambda: end(late)))
            cancellation = current()
            if cancellation is not None:
                left = EngineCancelledError(f"nobody waits any more for {model}")
                watched.enter_context(cancellation.calling(lambda: end(left)))
            try:
                outputs = session.run(names, dict(inputs), options)
            except Exception as error:
                if reasons:
                    raise reasons[0] from error
                raise EngineError(f"{model} could not be run: {error}") from error
        self._look_for_a_fallback(model, session)
        return dict(zip(names, outputs, strict=True))

    def close(self) -> None:
        """Let go of the sessions; runs under way end as usual."""
        self._closed = True
        self._sessions.clear()
        self._narrow.clear()

    def _session(self, model: str) -> ort.InferenceSession:
        """The session for a run that begins now. Raises ModelMissingError."""
        wide = self._sessions.get(model)
        if wide is None:
            raise ModelMissingError(model, self._cards, self._problems)
        return self._narrow.get(model, wide) if cores_are_busy(self._threads) else wide

    def _look_for_a_fallback(self, model: str, session: ort.InferenceSession) -> None:
        """Where a provider fails in a run, onnxruntime goes on with another, without an error."""
        if model in self._lost:
            return
        try:
            _check_providers(model, session.get_providers(), self._providers)
        except CardError as error:
            self._lost[model] = str(error)
            _log.warning("%s", error)


def _device(providers: Sequence[str]) -> Device:
    return "cpu" if providers[0] == CPU else "gpu"


def _open(model: StoredModel, providers: Sequence[str], threads: int) -> ort.InferenceSession:
    """A session whose tensors are those of the card. Raises CardError."""
    name = model.card.name
    weights = model.weights()
    absent = [p for p in providers if p not in ort.get_available_providers()]
    if absent:
        raise CardError(
            f"{name} is to run on {', '.join(absent)}, which this onnxruntime does not have; it "
            f"has {', '.join(ort.get_available_providers())}"
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors are raised, warnings are for those who export
    # Threads that spin between requests would take the cores from other sessions and from decoding.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = ort.InferenceSession(weights, options, providers=list(providers))
    except Exception as error:
        raise CardError(f"{model.path} cannot be opened: {error}") from error
    _check_providers(name, session.get_providers(), providers)
    _check_tensors(name, "input", session.get_inputs(), model.card.inputs)
    _check_tensors(name, "output", session.get_outputs(), model.card.outputs)
    return session


def _check_providers(name: str, used: Sequence[str], wanted: Sequence[str]) -> None:
    """onnxruntime drops a provider that fails, without an error: say so. Raises CardError."""
    lost = [provider for provider in wanted if provider not in used]
    if lost:
        raise CardError(
            f"{name} was to run on {', '.join(lost)} and fell back to {', '.join(used)}; look for "
            "a driver or library that is missing, or ask for the provider that works"
        )


def _check_tensors(name: str, side: str, found: Iterable[Any], wanted: Sequence[Tensor]) -> None:
    """The card and the ONNX graph name the same tensors; a size that the graph leaves free fits."""
    graph = {
        node.name: (
            _DTYPES.get(node.type, node.type),
            tuple(size if isinstance(size, int) else -1 for size in node.shape),
        )
        for node in found
    }
    card = {tensor.name: (tensor.dtype, tensor.shape) for tensor in wanted}
    fits = graph.keys() == card.keys() and all(
        kind == card[tensor][0]
        and len(shape) == len(card[tensor][1])
        and all(size in (-1, own) for size, own in zip(shape, card[tensor][1], strict=True))
        for tensor, (kind, shape) in graph.items()
    )
    if not fits:
        raise CardError(
            f"{name}: the card has the {side}s {_list(card)}, the model has {_list(graph)}; "
            "export the model again"
        )


def _list(tensors: Mapping[str, tuple[str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{name} {kind} {list(shape)}" for name, (kind, shape) in tensors.items())
