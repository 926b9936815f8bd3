"""Errors as RFC 9457 problem details, each with a type that stays.

The table below is the whole list: which error a caller sees under which type and status. What was
not foreseen becomes `internal-error`, without its message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi.responses import JSONResponse

from contract.expression import (
    ExpressionError,
    IntensityError,
    UnknownExpressionError,
    UnknownParameterError,
)
from engines.protocol import (
    EngineBusyError,
    EngineCancelledError,
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelMissingError,
)
from serving import picture, request_errors
from serving.jobs import store

MEDIA_TYPE: Final = "application/problem+json"
PREFIX: Final = "urn:celmood:problem:"


@dataclass(frozen=True)
class Kind:
    """A type of problem: its last word, HTTP status and title."""

    slug: str
    status: int
    title: str


class ProblemError(Exception):
    """A problem that a route found itself. `extra` fields go into the answer."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


NO_PICTURE = Kind("no-picture", 422, "No picture was sent")
EMPTY_PICTURE = Kind("empty-picture", 422, "The picture is empty")
NOT_A_PICTURE = Kind("not-a-picture", 415, "This is not a picture")
TRUNCATED_PICTURE = Kind("truncated-picture", 422, "The picture is damaged")
ANIMATED_PICTURE = Kind("animated-picture", 422, "The picture is animated")
UNKNOWN_FIELD = Kind("unknown-field", 422, "A field is unknown")
INVALID_FIELD = Kind("invalid-field", 422, "A field has a value that cannot be used")
MALFORMED_BODY = Kind("malformed-body", 400, "The body cannot be read")
WRONG_MEDIA_TYPE = Kind("unsupported-media-type", 415, "The body is of another kind")
TOO_MANY_BYTES = Kind("too-many-bytes", 413, "The picture has too many bytes")
TOO_MANY_PIXELS = Kind("too-many-pixels", 413, "The picture is too large")
SHEET_TOO_LARGE = Kind("sheet-too-large", 413, "The sheet has too many bytes")
NO_FACE = Kind("no-face", 422, "No face was found")
BOX_OUTSIDE = Kind("box-outside", 422, "A box cannot be used")
UNKNOWN_EXPRESSION = Kind("unknown-expression", 422, "No such expression")
UNKNOWN_PARAMETER = Kind("unknown-parameter", 422, "No such face parameter")
OUT_OF_RANGE = Kind("intensity-out-of-range", 422, "A number is out of its range")
UNKNOWN_MODEL = Kind("unknown-model", 404, "No such model")
MODEL_UNAVAILABLE = Kind("model-unavailable", 503, "The model cannot be used")
NOT_READY = Kind("not-ready", 503, "The gateway is not ready")
BUSY = Kind("busy", 503, "Too many requests are waiting")
CLOSING = Kind("closing", 503, "The gateway is shutting down")
OVER_SHARE = Kind("over-share", 429, "This caller has too much waiting")
CALLER_GONE = Kind("caller-gone", 499, "The caller hung up")
SLOW_BODY = Kind("slow-body", 408, "The body did not come in time")
TIMEOUT = Kind("timeout", 504, "There was not enough time")
ENGINE_UNAVAILABLE = Kind("engine-unavailable", 503, "The engine cannot be reached")
ENGINE_FAILED = Kind("engine-failed", 502, "The model could not be run")
UNKNOWN_BATCH = Kind("unknown-batch", 404, "No such batch")
BATCHES_OFF = Kind("batches-off", 501, "No batches are taken here")
BATCH_TOO_LARGE = Kind("batch-too-large", 413, "The batch is too large")
INVALID_LINE = Kind("invalid-line", 422, "A line of the batch cannot be used")
KEY_REUSED = Kind("key-reused", 422, "The key belongs to another batch")
NO_SPACE = Kind("no-space", 507, "There is no space for batches")
BATCHES_UNAVAILABLE = Kind("batches-unavailable", 503, "Batches cannot be kept now")
WEBHOOK_REFUSED = Kind("webhook-refused", 422, "This address is not called")
NOT_FOUND = Kind("not-found", 404, "There is nothing here")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "This method is not offered here")
NO_KEY = Kind("no-key", 401, "A key is needed")
KEY_REFUSED = Kind("key-refused", 401, "The key does not hold")
SCOPE_MISSING = Kind("scope-missing", 403, "The key is not for this")
OVER_RATE = Kind("over-rate", 429, "Too many requests in too short a time")
OVER_QUOTA = Kind("over-quota", 429, "The quota is used up")
HOST_REFUSED = Kind("host-refused", 421, "The gateway does not answer under this name")
ORIGIN_REFUSED = Kind("origin-refused", 403, "Pages of this origin may not ask")
URL_REFUSED = Kind("url-refused", 422, "The URL may not be used")
URL_FAILED = Kind("url-failed", 422, "The picture could not be fetched")
BAD_REQUEST = Kind("bad-request", 400, "The request cannot be served")
INTERNAL = Kind("internal-error", 500, "Something went wrong here")

# The first class that fits counts, so subclasses stand before their bases.
_KINDS: Final[tuple[tuple[type[Exception], Kind], ...]] = (
    (picture.EmptyPictureError, EMPTY_PICTURE),
    (picture.NotAPictureError, NOT_A_PICTURE),
    (picture.TruncatedPictureError, TRUNCATED_PICTURE),
    (picture.AnimatedPictureError, ANIMATED_PICTURE),
    (picture.TooManyBytesError, TOO_MANY_BYTES),
    (picture.TooManyPixelsError, TOO_MANY_PIXELS),
    (request_errors.NoFaceError, NO_FACE),
    (request_errors.NoExpressionError, INVALID_FIELD),
    (request_errors.BoxError, BOX_OUTSIDE),
    (request_errors.UnknownModelError, UNKNOWN_MODEL),
    (request_errors.NoModelError, MODEL_UNAVAILABLE),
    (UnknownExpressionError, UNKNOWN_EXPRESSION),
    (UnknownParameterError, UNKNOWN_PARAMETER),
    (IntensityError, OUT_OF_RANGE),
    (ExpressionError, INVALID_FIELD),
    (EngineTimeoutError, TIMEOUT),
    (EngineCancelledError, CALLER_GONE),
    (EngineBusyError, BUSY),
    (EngineUnavailableError, ENGINE_UNAVAILABLE),
    (ModelMissingError, MODEL_UNAVAILABLE),
    (EngineError, ENGINE_FAILED),
    (store.KeyReusedError, KEY_REUSED),
    (store.StoreFullError, NO_SPACE),
    (store.StoreError, BATCHES_UNAVAILABLE),
)

EXPECTED: Final = tuple(cls for cls, _ in _KINDS)
"""The errors of the parts below that `problem_of` knows."""

_SECRET_DETAIL: Final = {
    "batches-unavailable": "the place where batches are kept does not answer; try again later",
    "busy": "too many requests are waiting; try again in a few seconds",
    "engine-failed": "the model could not be run on this picture; the server's log says why",
    "engine-unavailable": "the engine cannot be reached or is overloaded; try again later",
    "no-space": "the space for batches is used up; try again later, or send a smaller batch",
    "timeout": "the picture could not be done in the time allowed; try again, or a smaller one",
}


def problem_of(error: Exception) -> ProblemError:
    """The problem that `error` is to a caller."""
    if isinstance(error, ProblemError):
        return error
    for cls, kind in _KINDS:
        if isinstance(error, cls):
            extra: dict[str, Any] = {"known": list(error.known)} if hasattr(error, "known") else {}
            if kind.slug == "no-face":
                extra["offer"] = {"faces": "[[x, y, width, height], ...]"}
            headers = {"Retry-After": "5"} if kind.status == 503 else {}
            detail = _SECRET_DETAIL.get(kind.slug, str(error))
            return ProblemError(kind, detail, extra=extra, headers=headers)
    return ProblemError(INTERNAL, "an error of ours; tell the operator the request's id")


def body_of(problem: ProblemError, request_id: str) -> dict[str, Any]:
    """The members of the problem document."""
    return {
        "type": PREFIX + problem.kind.slug,
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail,
        "request_id": request_id,
        **problem.extra,
    }


def answer(problem: ProblemError, request_id: str) -> JSONResponse:
    """The answer for `problem`."""
    return JSONResponse(
        body_of(problem, request_id),
        problem.kind.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )
