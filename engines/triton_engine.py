"""The engine on a Triton server: gRPC over one channel, cards out of the model configurations.

The server may start after us, go away and come back, and load other models meanwhile: what it
serves is asked again from time to time. Starting it is left to the operator.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from contract.card import Card, CardError, parse_card
from engines.protocol import (
    Array,
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelInputError,
    ModelMissingError,
)
from engines.tensors import check_inputs

REFRESH_S: Final = 10.0
RETRY_S: Final = 1.0
ASK_TIMEOUT_S: Final = 5.0

_CHANNEL: Final = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_reconnect_backoff_ms", 5_000),
]


@dataclass(frozen=True, slots=True)
class _Served:
    """What the server said it serves, and until when (monotonic seconds) that is believed."""

    cards: Mapping[str, Card]
    problems: Mapping[str, str]
    until: float


class TritonEngine:
    """Runs the models of the Triton server at `address` (host:port of gRPC); an Engine.

    Only models with a card are seen. What the server serves is asked again after `refresh`
    seconds. While it cannot be reached, `problems()` says so under the server's address, and the
    cards are those it had.
    """

    def __init__(self, address: str, *, refresh: float = REFRESH_S) -> None:
        self._address = address
        self._refresh = refresh
        self._client = triton.InferenceServerClient(address, channel_args=_CHANNEL)
        self._asking = threading.Lock()
        self._served = _Served({}, {}, until=0.0)
        self._closed = False

    def cards(self) -> Mapping[str, Card]:
        """The models that can be run, by name."""
        return self._now().cards

    def problems(self) -> Mapping[str, str]:
        """The models that the server could not load, by name; or why it cannot be asked."""
        return self._now().problems

    def run(
        self, model: str, inputs: Mapping[str, Array], timeout: float | None = None
    ) -> dict[str, Array]:
        """All outputs of `model`, as Engine.run says. The server is told the timeout too."""
        if self._closed:
            raise EngineUnavailableError("the engine is closed")
        if timeout is not None and timeout <= 0:
            raise EngineTimeoutError(f"no time is left to run {model}")
        served = self._now()
        card = served.cards.get(model)
        if card is None:
            if self._address in served.problems:
                raise EngineUnavailableError(served.problems[self._address])
            raise ModelMissingError(model, served.cards, served.problems)
        check_inputs(card, inputs)
        try:
            answer = self._client.infer(
                model,
                [_tensor(name, array) for name, array in inputs.items()],
                model_version=str(card.version),
                outputs=[triton.InferRequestedOutput(tensor.name) for tensor in card.outputs],
                timeout=None if timeout is None else int(timeout * 1e6),  # microseconds
                client_timeout=timeout,
            )
            outputs = {tensor.name: answer.as_numpy(tensor.name) for tensor in card.outputs}
        except InferenceServerException as error:
            raise _typed(error, model, self._address) from error
        except ValueError as error:  # a channel closed meanwhile, or bytes that fill no tensor
            if self._closed:
                raise EngineUnavailableError("the engine is closed") from error
            raise EngineError(f"{model} on {self._address} gave a wrong answer: {error}") from error
        lost = [name for name, array in outputs.items() if array is None]
        if lost:
            raise EngineError(f"{model} on {self._address} answered without {', '.join(lost)}")
        return outputs

    def close(self) -> None:
        """Close the channel."""
        self._closed = True
        self._client.close()

    def _now(self) -> _Served:
        """What the server serves; asked by one caller at a time, the others take what was known."""
        if time.monotonic() < self._served.until or self._closed:
            return self._served
        first = self._served.until == 0.0
        if self._asking.acquire(blocking=first):
            try:
                if time.monotonic() >= self._served.until:
                    self._served = self._ask()
            finally:
                self._asking.release()
        return self._served

    def _ask(self) -> _Served:
        cards: dict[str, Card] = {}
        problems: dict[str, str] = {}
        try:
            index = self._client.get_model_repository_index(client_timeout=ASK_TIMEOUT_S)
            for entry in index.models:
                if entry.state == "READY":
                    try:
                        if card := self._card(entry.name, entry.version):
                            cards[entry.name] = card
                    except (CardError, ModelMissingError) as error:
                        problems[entry.name] = str(error)
                elif entry.reason != "unloaded":  # an older version, or taken out on purpose
                    reason = entry.reason.partition("\n")[0]  # the rest is a stack trace
                    problems[entry.name] = f"Triton could not load it: {reason}"
        except InferenceServerException as error:
            return _Served(
                self._served.cards,
                {self._address: f"Triton at {self._address} cannot be asked: {error.message()}"},
                time.monotonic() + min(RETRY_S, self._refresh),
            )
        return _Served(cards, problems, time.monotonic() + self._refresh)

    def _card(self, name: str, version: str) -> Card | None:
        """The card in the configuration of a model; None where it has none. Raises CardError."""
        try:
            answer = self._client.get_model_config(name, version, client_timeout=ASK_TIMEOUT_S)
        except InferenceServerException as error:
            typed = _typed(error, name, self._address)
            if isinstance(typed, ModelMissingError):  # unloaded since the index was written
                raise typed from error
            raise
        text = answer.config.parameters["card"].string_value
        return parse_card(text, f"the card of {name} on {self._address}") if text else None


def _tensor(name: str, array: Array) -> triton.InferInput:
    tensor = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    tensor.set_data_from_numpy(array)
    return tensor


def _typed(error: InferenceServerException, model: str, address: str) -> EngineError:
    """Our error for Triton's. A full queue and an expired one are both UNAVAILABLE there."""
    message = str(error.message())
    told = f"{model} on {address}: {message}"
    match str(error.status()).removeprefix("StatusCode."):
        case "DEADLINE_EXCEEDED" | "CANCELLED":
            return EngineTimeoutError(told)
        case "UNAVAILABLE" if "timeout" in message.lower():
            return EngineTimeoutError(told)
        case "UNAVAILABLE" | "RESOURCE_EXHAUSTED":
            return EngineUnavailableError(told)
        case "NOT_FOUND":
            return ModelMissingError(model, {}, {model: message})
        case "INVALID_ARGUMENT":
            return ModelInputError(told)
        case _:
            return EngineError(told)
