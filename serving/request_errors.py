"""What a request can ask for that cannot be done, on this picture or with these models."""

from __future__ import annotations

from collections.abc import Sequence


class RequestError(ValueError):
    """A request that cannot be carried out on this picture or with these models.

    RequestError
      NoFaceError
      NoExpressionError
      BoxError
      UnknownModelError
      NoModelError
    """


class NoFaceError(RequestError):
    """No face was found; the caller can say where one is."""


class NoExpressionError(RequestError):
    """Neither an expression nor a reference was given."""


class BoxError(RequestError):
    """A given box is not one of this picture."""


class UnknownModelError(RequestError):
    """No model of this name edits expressions. `known` lists those that do."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown model {name!r}; known are {', '.join(known) or 'none'}")
        self.known = tuple(known)


class NoModelError(RequestError):
    """No model for the task is loaded, or the one asked for could not be."""
