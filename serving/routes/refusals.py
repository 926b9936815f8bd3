"""Which problems a route may answer with, by status, as OpenAPI's `responses`.

What is not here a route does not answer: a test sends it all sorts of requests and looks.
"""

from __future__ import annotations

from typing import Any, Final

from serving.problems import (
    ANIMATED_PICTURE,
    BAD_REQUEST,
    BATCH_TOO_LARGE,
    BATCHES_OFF,
    BATCHES_UNAVAILABLE,
    BOX_OUTSIDE,
    BUSY,
    CLOSING,
    EMPTY_PICTURE,
    ENGINE_FAILED,
    ENGINE_UNAVAILABLE,
    HOST_REFUSED,
    INTERNAL,
    INVALID_FIELD,
    INVALID_LINE,
    KEY_REFUSED,
    KEY_REUSED,
    MALFORMED_BODY,
    MEDIA_TYPE,
    MODEL_UNAVAILABLE,
    NO_FACE,
    NO_KEY,
    NO_PICTURE,
    NO_SPACE,
    NOT_A_PICTURE,
    NOT_FOUND,
    NOT_READY,
    ORIGIN_REFUSED,
    OUT_OF_RANGE,
    OVER_QUOTA,
    OVER_RATE,
    OVER_SHARE,
    PREFIX,
    SCOPE_MISSING,
    SHEET_TOO_LARGE,
    SLOW_BODY,
    TIMEOUT,
    TOO_MANY_BYTES,
    TOO_MANY_PIXELS,
    TRUNCATED_PICTURE,
    UNKNOWN_BATCH,
    UNKNOWN_EXPRESSION,
    UNKNOWN_FIELD,
    UNKNOWN_MODEL,
    UNKNOWN_PARAMETER,
    URL_FAILED,
    URL_REFUSED,
    WEBHOOK_REFUSED,
    WRONG_MEDIA_TYPE,
    Kind,
)

Responses = dict[int | str, dict[str, Any]]

TAGGED: Final = {"ETag": {"$ref": "#/components/headers/ETag"}}
"""Headers of an answer that has a tag."""

_RETRIED: Final = (429, 503)


def refusals(*kinds: Kind) -> Responses:
    """The answers that are problems of these kinds."""
    statuses = sorted({kind.status for kind in kinds})
    return {status: _refusal([k for k in kinds if k.status == status]) for status in statuses}


def _refusal(kinds: list[Kind]) -> dict[str, Any]:
    names = [PREFIX + kind.slug for kind in kinds]
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/ProblemAnswer"},
            {"properties": {"type": {"enum": names}, "status": {"const": kinds[0].status}}},
        ]
    }
    told = {
        "description": "; ".join(f"`{kind.slug}`: {kind.title}" for kind in kinds),
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
    if kinds[0].status in _RETRIED:
        told["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return told


_ALL: Final = (HOST_REFUSED, INTERNAL)
_KEYED: Final = (*_ALL, NO_KEY, KEY_REFUSED, SCOPE_MISSING, OVER_RATE)
_CHANGING: Final = (*_KEYED, ORIGIN_REFUSED)
_KEPT: Final = (BATCHES_UNAVAILABLE, UNKNOWN_BATCH, BATCHES_OFF, NOT_FOUND)
_PICTURES: Final = (
    *_CHANGING,
    BAD_REQUEST,
    MALFORMED_BODY,
    SLOW_BODY,
    TOO_MANY_BYTES,
    TOO_MANY_PIXELS,
    BATCH_TOO_LARGE,
    WRONG_MEDIA_TYPE,
    NOT_A_PICTURE,
    NO_PICTURE,
    EMPTY_PICTURE,
    TRUNCATED_PICTURE,
    ANIMATED_PICTURE,
    UNKNOWN_FIELD,
    INVALID_FIELD,
    URL_REFUSED,
    URL_FAILED,
    KEY_REUSED,
    OVER_SHARE,
    OVER_QUOTA,
    ENGINE_FAILED,
    BUSY,
    CLOSING,
    MODEL_UNAVAILABLE,
    ENGINE_UNAVAILABLE,
    BATCHES_UNAVAILABLE,
    TIMEOUT,
    NO_SPACE,
)

_EDITS: Final = (
    *_PICTURES,
    NO_FACE,
    BOX_OUTSIDE,
    UNKNOWN_EXPRESSION,
    UNKNOWN_PARAMETER,
    OUT_OF_RANGE,
    UNKNOWN_MODEL,
)

FACES: Final = refusals(*_PICTURES)
EDITS: Final = refusals(*_EDITS)
SHEETS: Final = refusals(*_EDITS, SHEET_TOO_LARGE)
BATCH: Final = refusals(*_KEYED, *_KEPT, INVALID_FIELD, OVER_SHARE, BUSY)
CANCELLED: Final = refusals(*_CHANGING, *_KEPT)
BATCHES: Final = refusals(
    *_CHANGING,
    BATCHES_UNAVAILABLE,
    BATCHES_OFF,
    BAD_REQUEST,
    MALFORMED_BODY,
    SLOW_BODY,
    BATCH_TOO_LARGE,
    WRONG_MEDIA_TYPE,
    INVALID_LINE,
    KEY_REUSED,
    WEBHOOK_REFUSED,
    OVER_SHARE,
    OVER_QUOTA,
    BUSY,
    CLOSING,
    NO_SPACE,
)
MODELS: Final = refusals(*_KEYED)
MODEL: Final = refusals(*_KEYED, UNKNOWN_MODEL, NOT_FOUND, MODEL_UNAVAILABLE)
METRICS: Final = refusals(*_KEYED)
ALIVE: Final = refusals(*_ALL)
READY: Final = refusals(*_ALL, CLOSING, NOT_READY)
