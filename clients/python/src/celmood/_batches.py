"""Batches: many pictures, done later by the gateway. Sending, asking, and following the results."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

import httpx

from celmood._calls import Call
from celmood._errors import (
    CelmoodError,
    RequestTimeoutError,
    ServiceError,
    UnexpectedAnswerError,
)
from celmood._pictures import read_picture
from celmood._refusals import error_from
from celmood._results import EditResult, FacesResult, Json
from celmood._retries import Tries
from celmood._sheets import Grid, Sheet

BatchStatus = Literal["queued", "running", "completed", "cancelled", "expired"]

Line = Mapping[str, Any]
"""The fields of a call: `image` (as in `edit`) and, for an edit, `expression` and the like.

`call` is "expressions" by default, or "faces" or "sheets"; an `id` comes back with the result.
"""

AnyResult = EditResult | FacesResult | Sheet | Grid

LINES: Final = "application/x-ndjson"
_PICTURES: Final = ("image", "reference")
_UNENDED: Final = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Batch:
    """How far a batch is. Of `total` lines, `succeeded` and `failed` have their results.

    `dropped` lines will have none, because the batch was cancelled or took too long.
    """

    id: str
    status: BatchStatus
    total: int
    succeeded: int
    failed: int
    running: int
    waiting: int
    dropped: int
    expires: str
    request_id: str

    @property
    def ended(self) -> bool:
        """No more results will come."""
        return self.status not in _UNENDED

    @property
    def answered(self) -> int:
        """How many lines have their results."""
        return self.succeeded + self.failed

    @classmethod
    def from_json(cls, body: Json, request_id: str) -> Batch:
        counts = {str(name): int(count) for name, count in body["counts"].items()}
        return cls(
            id=str(body["id"]),
            status=body["status"],
            total=counts["total"],
            succeeded=counts["succeeded"],
            failed=counts["failed"],
            running=counts["running"],
            waiting=counts["waiting"],
            dropped=counts["dropped"],
            expires=str(body["expires"]),
            request_id=request_id,
        )


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The result of a line: either `result`, or the `error` that a call of its own would raise.

    `line` counts the lines that were sent from 1, `position` the results in the order in which they
    were done: `follow_batch(after=position)` goes on behind this one.
    """

    position: int
    line: int
    id: str | None
    result: AnyResult | None
    error: ServiceError | None

    @classmethod
    def from_json(cls, body: Json, request_id: str) -> BatchResult:
        answer, problem = body.get("answer"), body.get("problem")
        error: ServiceError | None = None
        if problem is not None:
            refusal = httpx.Response(int(body["status"]), json=problem)
            error = error_from(refusal, str(problem.get("request_id", request_id)))
        return cls(
            position=int(body["position"]),
            line=int(body["line"]),
            id=None if body.get("id") is None else str(body["id"]),
            result=None if answer is None else _result(answer, request_id),
            error=error,
        )


def send_batch(
    lines: Sequence[Line],
    *,
    idempotency_key: str | None = None,
    webhook: str | None = None,
) -> Call[Batch]:
    """Have many pictures done later; one mapping each with the fields of its call.

    Such as `{"image": "a.png", "expression": "sad", "id": "a"}`. When this returns the gateway
    has them on disk. The same `idempotency_key` again is the same batch, and without one a
    repeated attempt brings no second; `webhook` is called when it has ended, where the gateway
    allows that. Pictures are read while they are sent.
    """
    headers = {"Content-Type": LINES, "Idempotency-Key": idempotency_key or uuid.uuid4().hex}
    if webhook is not None:
        headers["X-Celmood-Webhook"] = webhook
    return Call(
        "POST",
        "/v1/batches",
        Batch.from_json,
        content=lambda: map(_line, lines),
        headers=headers,
    )


def batch(id: str) -> Call[Batch]:
    """How far the batch is."""
    return Call("GET", f"{_path(id)}?limit=0", Batch.from_json)


def cancel_batch(id: str) -> Call[Batch]:
    """End the batch; results that it has stay until it expires."""
    return Call("DELETE", _path(id), Batch.from_json)


def results(id: str, after: int) -> Call[BatchResult]:
    """The results behind `after` as a stream, of which `read_line` reads a line."""
    return Call(
        "GET", f"{_path(id)}?after={after}", BatchResult.from_json, headers={"Accept": LINES}
    )


def read_line(text: str, request_id: str) -> BatchResult:
    """A line of the stream of results. Raises UnexpectedAnswerError."""
    try:
        return BatchResult.from_json(json.loads(text), request_id)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnexpectedAnswerError(
            f"a result came that this client cannot read ({error!r}); is the gateway of a matching "
            "version?",
            request_id=request_id,
        ) from error


class Following:
    """How far following a batch is, over the connections that it takes."""

    def __init__(self, after: int, tries: Tries) -> None:
        self.after = after
        self._tries = tries
        self._pause = 0.0

    def took(self, result: BatchResult) -> None:
        """A result has come."""
        self.after = result.position
        self._tries.restart()

    def broke(self, failure: CelmoodError) -> None:
        """A connection has ended early. Raises `failure` when there is no use in another."""
        # Nothing was done for long: no failure, but a time to ask how far it is.
        if not isinstance(failure, RequestTimeoutError):
            self._pause = self._tries.delay(failure)

    def pause(self) -> float:
        """Seconds to wait before asking how far the batch is."""
        pause, self._pause = self._pause, 0.0
        return pause

    def over(self, batch: Batch) -> bool:
        """No more results will come."""
        return batch.ended and self.after >= batch.answered


def _path(id: str) -> str:
    return f"/v1/batches/{quote(id, safe='')}"


def _line(line: Line) -> bytes:
    pictures = {
        name: base64.b64encode(read_picture(line[name])).decode("ascii")
        for name in _PICTURES
        if name in line
    }
    return json.dumps({**line, **pictures}).encode() + b"\n"


def _result(answer: Json, request_id: str) -> AnyResult:
    kinds: Iterator[tuple[str, Callable[[Json, str], AnyResult]]] = iter(
        (
            ("pictures", Sheet.from_json),
            ("columns", Grid.from_json),
            ("image", EditResult.from_json),
            ("faces", FacesResult.from_json),
        )
    )
    for member, read in kinds:
        if member in answer:
            return read(answer, request_id)
    raise ValueError("an answer of an unknown kind")
