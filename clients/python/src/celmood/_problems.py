"""One class per problem that the gateway names, and the way from its answer to the class."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from celmood._errors import ServiceError

PREFIX: Final = "urn:celmood:problem:"


class RejectedPictureError(ServiceError):
    """Another picture is needed."""


class NoPictureError(RejectedPictureError):
    """The request had no picture."""

    problem = "no-picture"


class EmptyPictureError(RejectedPictureError):
    """The picture has 0 bytes."""

    problem = "empty-picture"


class NotAPictureError(RejectedPictureError):
    """The bytes are no PNG, JPEG or WebP."""

    problem = "not-a-picture"


class TruncatedPictureError(RejectedPictureError):
    """The file ends early or is damaged."""

    problem = "truncated-picture"


class AnimatedPictureError(RejectedPictureError):
    """The file has several frames."""

    problem = "animated-picture"


class TooManyBytesError(RejectedPictureError):
    """The file is larger than the gateway's limit."""

    problem = "too-many-bytes"


class TooManyPixelsError(RejectedPictureError):
    """The picture is larger than the gateway's limit."""

    problem = "too-many-pixels"


class NoFaceError(RejectedPictureError):
    """No face was found; say where one is with `faces`."""

    problem = "no-face"


class UrlRefusedError(RejectedPictureError):
    """The gateway does not fetch pictures from this URL."""

    problem = "url-refused"


class UrlFailedError(RejectedPictureError):
    """The picture could not be fetched from its URL."""

    problem = "url-failed"


class RejectedRequestError(ServiceError):
    """Other arguments are needed."""


class UnknownExpressionError(RejectedRequestError):
    """No expression has this name; `known` lists those that exist."""

    problem = "unknown-expression"


class UnknownParameterError(RejectedRequestError):
    """No parameter of the face has this name; `known` lists those that exist."""

    problem = "unknown-parameter"


class IntensityOutOfRangeError(RejectedRequestError):
    """The intensity or a parameter is out of its range."""

    problem = "intensity-out-of-range"


class BoxOutsideError(RejectedRequestError):
    """A box of `faces` is not one of this picture."""

    problem = "box-outside"


class UnknownModelError(RejectedRequestError):
    """No model has this name; `known` lists those that exist."""

    problem = "unknown-model"


class UnknownFieldError(RejectedRequestError):
    """The gateway does not know a field of this request."""

    problem = "unknown-field"


class InvalidFieldError(RejectedRequestError):
    """A field has a value that cannot be used."""

    problem = "invalid-field"


class MalformedBodyError(RejectedRequestError):
    """The body could not be read."""

    problem = "malformed-body"


class UnsupportedMediaTypeError(RejectedRequestError):
    """The body is of a kind that the gateway does not read."""

    problem = "unsupported-media-type"


class BadRequestError(RejectedRequestError):
    """The request cannot be served."""

    problem = "bad-request"


class UnknownBatchError(RejectedRequestError):
    """No batch of yours has this id, or it has expired."""

    problem = "unknown-batch"


class BatchesOffError(RejectedRequestError):
    """The gateway takes no batches: its operator has named no place for them."""

    problem = "batches-off"


class BatchTooLargeError(RejectedRequestError):
    """The batch has too many lines or bytes."""

    problem = "batch-too-large"


class InvalidLineError(RejectedRequestError):
    """A line of the batch cannot be used; `extra["errors"]` says which, and why."""

    problem = "invalid-line"


class KeyReusedError(RejectedRequestError):
    """The idempotency key was used for another batch."""

    problem = "key-reused"


class WebhookRefusedError(RejectedRequestError):
    """The gateway does not call this address."""

    problem = "webhook-refused"


class NotFoundError(RejectedRequestError):
    """The gateway offers nothing under this path."""

    problem = "not-found"


class MethodNotAllowedError(RejectedRequestError):
    """The gateway does not offer this method here."""

    problem = "method-not-allowed"


class SlowBodyError(RejectedRequestError):
    """The picture did not arrive in the time that the gateway allows."""

    problem = "slow-body"


class CallerGoneError(RejectedRequestError):
    """The connection was gone before the answer was ready."""

    problem = "caller-gone"


class RejectedCallerError(ServiceError):
    """The caller may not do this; another key is needed, or the operator."""


class NoKeyError(RejectedCallerError):
    """The gateway needs a key; pass `api_key`."""

    problem = "no-key"


class KeyRefusedError(RejectedCallerError):
    """The key is not known, has expired or was revoked."""

    problem = "key-refused"


class ScopeMissingError(RejectedCallerError):
    """The key is not for this call."""

    problem = "scope-missing"


class HostRefusedError(RejectedCallerError):
    """A gateway without keys does not answer under this name."""

    problem = "host-refused"


class OriginRefusedError(RejectedCallerError):
    """Pages of this site may not use the gateway."""

    problem = "origin-refused"


class UnavailableError(ServiceError):
    """The same call may succeed later, or at another gateway."""


class BusyError(UnavailableError):
    """Too many requests are waiting."""

    problem = "busy"


class ClosingError(UnavailableError):
    """The gateway is shutting down."""

    problem = "closing"


class OverShareError(UnavailableError):
    """This caller has too much waiting already."""

    problem = "over-share"


class OverRateError(UnavailableError):
    """Too many requests in too short a time; `retry_after` says when."""

    problem = "over-rate"


class OverQuotaError(UnavailableError):
    """The quota of the key is used up; `retry_after` says until when."""

    problem = "over-quota"


class NotReadyError(UnavailableError):
    """The gateway has not all of its models."""

    problem = "not-ready"


class ModelUnavailableError(UnavailableError):
    """The model for this call is not loaded."""

    problem = "model-unavailable"


class EngineUnavailableError(UnavailableError):
    """The engine that runs the models cannot be reached."""

    problem = "engine-unavailable"


class EngineFailedError(UnavailableError):
    """The model could not be run on this picture."""

    problem = "engine-failed"


class ServiceTimeoutError(UnavailableError):
    """The gateway ran out of the time that it allows."""

    problem = "timeout"


class NoSpaceError(UnavailableError):
    """The gateway has no space left for batches."""

    problem = "no-space"


class BatchesUnavailableError(UnavailableError):
    """The gateway cannot keep batches now."""

    problem = "batches-unavailable"


class InternalServiceError(UnavailableError):
    """A fault of the gateway."""

    problem = "internal-error"


def _kinds(base: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


KINDS: Final = {PREFIX + kind.problem: kind for kind in _kinds(ServiceError) if kind.problem}
"""Error classes by the type of problem."""

_MEMBERS: Final = frozenset({"type", "title", "status", "detail", "instance", "request_id"})


def error_from(response: httpx.Response, request_id: str) -> ServiceError:
    """The error that a refusal stands for; a plain ServiceError if it is no problem document.

    `request_id` is the one that was sent; the answer's own is preferred.
    """
    try:
        body = response.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    kind = KINDS.get(str(body.get("type")), ServiceError)
    title = str(body.get("title") or response.reason_phrase)
    return kind(
        str(body.get("detail") or f"the service answered {response.status_code} {title}".rstrip()),
        status=response.status_code,
        type=str(body.get("type") or "about:blank"),
        title=title,
        extra={name: value for name, value in body.items() if name not in _MEMBERS},
        retry_after=seconds_of(response.headers.get("Retry-After"), datetime.now(UTC)),
        request_id=response.headers.get("X-Request-Id", request_id),
    )


def seconds_of(retry_after: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, given as seconds or as an HTTP date."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if until.tzinfo is None:  # HTTP dates are GMT
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
