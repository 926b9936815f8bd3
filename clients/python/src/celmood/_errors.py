"""Everything that this package raises on purpose.

CelmoodError
├── PictureError                     the picture cannot be read here; no request was made
├── ApiKeyError                      the key cannot be one; no request was made
├── ConnectionFailedError            no answer: nobody listens, or the connection broke
│   └── RequestTimeoutError          no answer within the client's timeout
├── UnexpectedAnswerError            an answer, but not one of this service
└── ServiceError                     the gateway refused; one class per type of problem
    ├── RejectedPictureError         another picture is needed
    │   ├── NoPictureError
    │   ├── EmptyPictureError
    │   ├── NotAPictureError
    │   ├── TruncatedPictureError
    │   ├── AnimatedPictureError
    │   ├── TooManyBytesError
    │   ├── TooManyPixelsError
    │   ├── UrlRefusedError
    │   ├── UrlFailedError
    │   └── NoFaceError
    ├── RejectedRequestError         other arguments are needed
    │   ├── UnknownExpressionError
    │   ├── UnknownParameterError
    │   ├── IntensityOutOfRangeError
    │   ├── BoxOutsideError
    │   ├── UnknownModelError
    │   ├── UnknownFieldError
    │   ├── InvalidFieldError
    │   ├── MalformedBodyError
    │   ├── UnsupportedMediaTypeError
    │   ├── BadRequestError
    │   ├── UnknownBatchError
    │   ├── BatchesOffError
    │   ├── SheetTooLargeError
    │   ├── BatchTooLargeError
    │   ├── InvalidLineError
    │   ├── KeyReusedError
    │   ├── WebhookRefusedError
    │   ├── NotFoundError
    │   ├── SlowBodyError
    │   ├── CallerGoneError
    │   └── MethodNotAllowedError
    ├── RejectedCallerError          another key is needed, or the operator
    │   ├── NoKeyError
    │   ├── KeyRefusedError
    │   ├── ScopeMissingError
    │   ├── HostRefusedError
    │   └── OriginRefusedError
    └── UnavailableError             the same call may succeed later, or elsewhere
        ├── BusyError
        ├── ClosingError
        ├── OverShareError
        ├── OverRateError
        ├── OverQuotaError
        ├── NotReadyError
        ├── ModelUnavailableError
        ├── EngineUnavailableError
        ├── EngineFailedError
        ├── ServiceTimeoutError
        ├── NoSpaceError
        ├── BatchesUnavailableError
        └── InternalServiceError

The kinds of ServiceError are in `_problems`, the way to them in `_refusals`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import httpx


class CelmoodError(Exception):
    """Base of all errors of this package.

    `request_id` names the request in the gateway's log; None where no request was made.
    """

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = request_id


class PictureError(CelmoodError):
    """The picture cannot be read here. No request was made."""


class ApiKeyError(CelmoodError):
    """The API key cannot be one. No request was made."""


class ConnectionFailedError(CelmoodError):
    """No answer came: nobody listens at the address, or the connection broke."""


class RequestTimeoutError(ConnectionFailedError):
    """The gateway did not answer within the client's timeout."""


class UnexpectedAnswerError(CelmoodError):
    """An answer came that is not one of this service."""


class ServiceError(CelmoodError):
    """The gateway refused. Raised itself only for a problem that this release does not know.

    `status`, `type`, `title` and `detail` are those of the problem (RFC 9457), `extra` holds its
    further members; `retry_after` is in seconds, None where the gateway named no time.
    """

    problem: ClassVar[str | None] = None
    """The last word of the problem's type, `urn:celmood:problem:...`; None for a group of them."""

    def __init_subclass__(cls, *, problem: str | None = None) -> None:
        """Name the problem of a class: `problem`, or its own name, as in EmptyPictureError."""
        super().__init_subclass__()
        is_group = ServiceError in cls.__bases__
        if problem or not (is_group or cls.problem):
            words = re.findall("[A-Z][a-z]*", cls.__name__.removesuffix("Error"))
            cls.problem = problem or "-".join(words).lower()

    def __init__(
        self,
        detail: str,
        *,
        status: int,
        type: str = "about:blank",
        title: str = "",
        extra: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(detail, request_id=request_id)
        self.detail = detail
        self.status = status
        self.type = type
        self.title = title
        self.extra: Mapping[str, Any] = extra or {}
        self.retry_after = retry_after

    @property
    def known(self) -> tuple[str, ...]:
        """The names that exist, where the problem is one that does not; empty otherwise."""
        return tuple(self.extra.get("known", ()))


@contextmanager
def connection_errors(base_url: str, request_id: str) -> Iterator[None]:
    """Turn the transport's errors into ours, which name the address and say what to do."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise RequestTimeoutError(
            f"the gateway at {base_url} did not answer in time ({type(error).__name__}); allow a "
            "longer timeout, or see whether it is overloaded",
            request_id=request_id,
        ) from error
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise ConnectionFailedError(
            f"no connection to a gateway at {base_url} ({error}); start one with "
            "`python -m serving`, or name another address",
            request_id=request_id,
        ) from error
