"""The one door to every engine: cards in, tensors through, typed errors out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol, runtime_checkable

from numpy.typing import NDArray

from contract.card import Card

Array = NDArray[Any]

Device = Literal["cpu", "gpu"]
Wanted = Literal["cpu", "gpu", "any"]


class EngineError(Exception):
    """A model could not be run; the message says why.

    EngineError
      ModelMissingError
      ModelInputError
      EngineTimeoutError
      EngineUnavailableError
        EngineBusyError
      EngineCancelledError
    """


class ModelMissingError(EngineError):
    """The engine cannot run a model of this name: it has none, or the one it has is broken."""

    def __init__(self, model: str, cards: Mapping[str, Card], problems: Mapping[str, str]) -> None:
        if model in problems:
            super().__init__(f"the model {model} cannot be run: {problems[model]}")
        else:
            held = ", ".join(cards) or "none"
            super().__init__(f"there is no model {model!r}; there are: {held}")
        self.model = model


class ModelInputError(EngineError):
    """The tensors are not those that the model's card asks for."""


class EngineTimeoutError(EngineError):
    """The run did not end within its time."""


class EngineUnavailableError(EngineError):
    """The engine cannot be reached, is overloaded, or is closed; later may work."""


class EngineBusyError(EngineUnavailableError):
    """The engine's queue is full."""


class EngineCancelledError(EngineError):
    """The run was ended because its Cancellation was cancelled (see `engines.cancel`)."""


class Engine(Protocol):
    """Runs models. Synchronous; every method may be called from several threads at once."""

    def cards(self) -> Mapping[str, Card]:
        """The models that can be run, by name."""
        ...

    def problems(self) -> Mapping[str, str]:
        """The models that should be there and cannot be run, by name, each with the reason."""
        ...

    def run(
        self, model: str, inputs: Mapping[str, Array], timeout: float | None = None
    ) -> dict[str, Array]:
        """All outputs of `model` for `inputs`, both by tensor name as in its card.

        `timeout` is in seconds, None for no limit. The outputs may be read-only. Raises an
        EngineError.
        """
        ...

    def close(self) -> None:
        """Let go of sessions and connections; a later run raises EngineUnavailableError."""
        ...


@runtime_checkable
class KnowsDevices(Protocol):
    """An engine that can say what its models run on."""

    def devices(self) -> Mapping[str, Device]:
        """What each model runs on, by name."""
        ...

    def wanted_devices(self) -> Mapping[str, Wanted]:
        """What each model is meant for, by name; one that runs on another is a problem."""
        ...


@runtime_checkable
class TellsNotices(Protocol):
    """An engine that can tell more than problems."""

    def notices(self) -> Mapping[str, str]:
        """What an operator should know although all models can be run, by name."""
        ...
