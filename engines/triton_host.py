"""One Triton server: a channel, what it serves, calls with deadline and cancel, typed errors.

Which of several servers is asked, and when, is left to `engines.triton_engine`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import grpc
import tritonclient.grpc as triton
from tritonclient.grpc import model_config_pb2
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from contract.card import Card, CardError, Tensor, parse_card
from engines.breaker import Breaker
from engines.cancel import current
from engines.priority import in_background
from engines.protocol import (
    Array,
    Device,
    EngineBusyError,
    EngineCancelledError,
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelInputError,
    ModelMissingError,
)
from engines.trace import trace_headers
from engines.triton_words import QUEUE_EXPIRED, QUEUE_FULL, UNLOADED, says

ASK_TIMEOUT_S: Final = 5.0
SUSPECT_S: Final = 1.0
"""A server that has said nothing for so long counts as one that could not be reached."""
BACKGROUND: Final = 2
"""Triton's priority of work that may wait; 1 comes first."""

_log = logging.getLogger("celmood")
_CHANNEL: Final = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # A network that has gone is noticed during a call. Triton takes no pings between calls.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 0),
    # A server that came back is found within the watcher's second, whatever came before.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
]
_AUTHORIZATION: Final = "authorization"
_KINDS: Final = model_config_pb2.ModelInstanceGroup
_TYPES: Final = {"float32": "TYPE_FP32", "int64": "TYPE_INT64", "uint8": "TYPE_UINT8"}


@dataclass(frozen=True, slots=True)
class Access:
    """How servers are reached: TLS with its files, and a token that every call carries.

    The token goes as `authorization: Bearer TOKEN`, or bare under another `token_header`, as
    Triton's own `--grpc-restricted-protocol` wants it.
    """

    tls: bool = False
    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    token: str | None = field(default=None, repr=False)
    token_header: str = _AUTHORIZATION

    def credentials(self) -> grpc.ChannelCredentials | None:
        """The channel's credentials; None without TLS. Raises OSError."""
        if not self.tls:
            return None
        files = (self.authorities, self.key, self.certificate)
        return grpc.ssl_channel_credentials(*(f.read_bytes() if f else None for f in files))

    def headers(self) -> dict[str, str]:
        """What every call carries."""
        if self.token is None:
            return {}
        bearer = self.token_header.lower() == _AUTHORIZATION
        return {self.token_header.lower(): f"Bearer {self.token}" if bearer else self.token}


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as a server serves it, as far as a caller must know."""

    card: Card
    max_batch: int
    batched: bool
    priorities: int
    device: Device
    wants_gpu: bool


@dataclass(frozen=True, slots=True)
class Served:
    """What a server serves, by name, and which models it should serve and cannot, with reasons."""

    models: Mapping[str, ServedModel]
    problems: Mapping[str, str]


class TritonHost:
    """The server at `address` (host:port of its gRPC).

    `served` is what `ask` found last; while the server is away it stays, and `reason` says why the
    server cannot be asked. `asked` is set once `ask` has ended, however it did.
    """

    def __init__(self, address: str, access: Access) -> None:
        self.address = address
        self.breaker = Breaker()
        self.served = Served({}, {})
        self.reason: str | None = f"Triton at {address} has not been asked yet"
        self.asked = threading.Event()
        self.headers = access.headers()
        self.client = triton.InferenceServerClient(
            address, creds=access.credentials(), channel_args=_CHANNEL
        )

    def ask(self) -> bool:
        """Ask what is served; whether there was an answer. The breaker learns of it."""
        try:
            return self._asked_well()
        finally:
            self.asked.set()

    def infer(
        self,
        served: ServedModel,
        inputs: list[triton.InferInput],
        outputs: list[triton.InferRequestedOutput],
        timeout: float | None,
    ) -> triton.InferResult:
        """One request, given up after `timeout` seconds or when the current work is cancelled.

        Raises EngineError; the breaker learns whether the server could be reached.
        """
        card = served.card
        done = threading.Event()
        answer: dict[str, Any] = {}

        def finish(result: triton.InferResult | None, error: Exception | None) -> None:
            answer.update(result=result, error=error)
            done.set()

        try:
            call = self.client.async_infer(
                card.name,
                inputs,
                finish,
                model_version=str(card.version),
                outputs=outputs,
                client_timeout=timeout,
                headers={**trace_headers(), **self.headers},
                **self._scheduling(served, timeout),
            )
            if (cancellation := current()) is None:
                done.wait()
            else:
                with cancellation.calling(call.cancel):
                    done.wait()
            if answer["error"] is not None:
                raise answer["error"]
        except InferenceServerException as error:
            silent = _status(error) == "DEADLINE_EXCEEDED"
            if silent and timeout is not None and timeout >= SUSPECT_S:
                self.breaker.failed()
            raise self._typed(error, card.name) from error
        self.breaker.succeeded()
        return answer["result"]

    def close(self) -> None:
        """Close the channel; calls under way end with an error."""
        self.client.close()

    def _asked_well(self) -> bool:
        try:
            self.served = self._ask()
        except InferenceServerException as error:
            if self.reason is None:
                _log.warning("Triton at %s went away: %s", self.address, error.message())
            self.reason = f"Triton at {self.address} cannot be asked: {error.message()}"
            self.breaker.failed()
            return False
        except ValueError:  # the channel was closed meanwhile
            return False
        if self.reason is not None:
            _log.info("Triton at %s answers, with %d models", self.address, len(self.served.models))
        self.reason = None
        self.breaker.succeeded()
        return True

    def _scheduling(self, served: ServedModel, timeout: float | None) -> dict[str, int]:
        """What Triton's queue is told; it takes neither without dynamic batching."""
        told: dict[str, int] = {}
        if served.batched and timeout is not None:
            told["timeout"] = max(1, int(timeout * 1e6))  # microseconds
        if served.priorities and in_background():
            told["priority"] = min(BACKGROUND, served.priorities)
        return told

    def _ask(self) -> Served:
        models: dict[str, ServedModel] = {}
        problems: dict[str, str] = {}
        index = self.client.get_model_repository_index(
            headers=self.headers, client_timeout=ASK_TIMEOUT_S
        )
        ready = {(entry.name, entry.version) for entry in index.models if entry.state == "READY"}
        reasons: dict[str, str] = {}
        for entry in index.models:
            # An older version goes by itself, and others are taken out on purpose.
            if entry.state != "READY" and entry.reason != UNLOADED:
                reasons[entry.name] = entry.reason.partition("\n")[0]  # the rest is a stack trace
        for name in sorted({name for name, _ in ready}):
            try:
                model = self._model(name, {version for n, version in ready if n == name})
            except (CardError, ModelMissingError) as error:
                problems[name] = str(error)
                continue
            if model is not None:
                models[name] = model
        for name in reasons.keys() - models.keys() - problems.keys():
            problems[name] = f"Triton could not load it: {reasons[name] or 'it is being loaded'}"
        return Served(models, problems)

    def _model(self, name: str, versions: set[str]) -> ServedModel | None:
        """A model that is ready; None where it has no card. Raises CardError, ModelMissingError."""
        try:
            answer = self.client.get_model_config(
                name, headers=self.headers, client_timeout=ASK_TIMEOUT_S
            )
        except InferenceServerException as error:
            typed = self._typed(error, name)
            if isinstance(typed, ModelMissingError):  # unloaded since the index was written
                raise typed from error
            raise
        config = answer.config
        text = config.parameters["card"].string_value
        if not text:
            return None
        card = parse_card(text, f"the card of {name} on {self.address}")
        if card.name != name:
            raise CardError(f"{name} on {self.address} has the card of {card.name}")
        if str(card.version) not in versions:
            raise CardError(
                f"the card of {name} describes version {card.version}, {self.address} has "
                f"{', '.join(sorted(versions))}; export the model again"
            )
        _check_tensors(config, card)
        kinds = {group.kind for group in config.instance_group}
        accelerators = config.optimization.execution_accelerators.gpu_execution_accelerator
        return ServedModel(
            card=card,
            max_batch=config.max_batch_size,
            batched=config.HasField("dynamic_batching"),
            priorities=config.dynamic_batching.priority_levels,
            device="gpu" if _KINDS.KIND_GPU in kinds else "cpu",
            wants_gpu=bool(accelerators) or config.backend == "tensorrt",
        )

    def _typed(self, error: InferenceServerException, model: str) -> EngineError:
        """Our error for Triton's. A full queue and an expired one are both UNAVAILABLE there."""
        message = str(error.message())
        told = f"{model} on {self.address}: {message}"
        match _status(error):
            case "CANCELLED":
                return EngineCancelledError(told)
            case "DEADLINE_EXCEEDED":
                return EngineTimeoutError(told)
            case "UNAVAILABLE" if says(message, QUEUE_EXPIRED):
                return EngineTimeoutError(told)
            case "UNAVAILABLE" if says(message, QUEUE_FULL):
                return EngineBusyError(told)
            case "RESOURCE_EXHAUSTED":
                return EngineBusyError(told)
            case "UNAVAILABLE":
                self.breaker.failed()
                return EngineUnavailableError(told)
            case "NOT_FOUND":
                return ModelMissingError(model, {}, {model: message})
            case "INVALID_ARGUMENT":
                return ModelInputError(told)
            case _:
                return EngineError(told)


def _status(error: InferenceServerException) -> str:
    return str(error.status()).removeprefix("StatusCode.")


def tensor_of(name: str, array: Array) -> triton.InferInput:
    """`array` as an input that travels with the request."""
    tensor = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    tensor.set_data_from_numpy(array)
    return tensor


def _check_tensors(config: Any, card: Card) -> None:
    """The card and the configuration name the same tensors. Raises CardError."""
    for side, stated, own in (
        ("input", config.input, card.inputs),
        ("output", config.output, card.outputs),
    ):
        found = {(t.name, t.data_type, tuple(t.dims)) for t in stated}
        if found != {_as_stated(tensor, config.max_batch_size) for tensor in own}:
            raise CardError(
                f"the card of {card.name} has other {side}s than its configuration states; "
                "export the model again"
            )


def _as_stated(tensor: Tensor, max_batch: int) -> tuple[str, int, tuple[int, ...]]:
    kind = getattr(model_config_pb2, _TYPES[tensor.dtype])
    return tensor.name, kind, tensor.shape[1:] if max_batch else tensor.shape
