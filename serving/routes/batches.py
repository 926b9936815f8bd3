"""`/v1/batches`: many pictures, later; results as they come."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from serving.answers import BatchAnswer, BatchPageAnswer
from serving.jobs.intake import Wish
from serving.jobs.jobs import Jobs
from serving.jobs.rules import LONGEST_ARRIVAL_S
from serving.jobs.shape import batch_shape
from serving.jobs.store import Batch, Result
from serving.problems import (
    BAD_REQUEST,
    BATCHES_OFF,
    MALFORMED_BODY,
    SLOW_BODY,
    UNKNOWN_BATCH,
    WRONG_MEDIA_TYPE,
    ProblemError,
)
from serving.routes import refusals
from serving.security.access import Allowance
from serving.sent import Part, Sent, in_pieces

router = APIRouter(tags=["batches"])

KEY: Final = "Idempotency-Key"
WEBHOOK: Final = "X-Celmood-Webhook"
LINES: Final = "application/x-ndjson"
_LINE_TYPES: Final = (LINES, "application/jsonl", "application/json-lines")
_GOOD_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")
_GOOD_ID: Final = re.compile(r"[0-9a-f]{32}")
_MOST_RESULTS: Final = 100
_LAST: Final = 2**31 - 1
_LONGEST_PAUSE_S: Final = 60.0
_LOOK_AGAIN_S: Final = 2


def jobs_of(request: Request) -> Jobs:
    """The batches of this gateway. Raises ProblemError where there are none."""
    jobs = cast("Jobs | None", request.app.state.jobs)
    if jobs is None:
        raise ProblemError(
            BATCHES_OFF, "batches are off here; for the operator: name a folder in CELMOOD_BATCHES"
        )
    return jobs


def owner_of(request: Request) -> str:
    """Whose batches the caller sees: those of its tenant; without keys there is but one."""
    state = request.state
    return str(state.caller) if getattr(state, "key", None) else ""


def key_of(request: Request) -> str | None:
    """The idempotency key, if there is one. Raises ProblemError."""
    key = request.headers.get(KEY)
    if key is not None and not _GOOD_KEY.fullmatch(key):
        raise ProblemError(BAD_REQUEST, f"{KEY} is 1 to 128 printable characters without spaces")
    return key


def _batch_id(batch: str) -> str:
    """What can be an id of a batch. Raises ProblemError."""
    if not _GOOD_ID.fullmatch(batch):
        raise ProblemError(UNKNOWN_BATCH, "an id of a batch has 32 digits of base 16")
    return batch


TheJobs = Annotated[Jobs, Depends(jobs_of)]
BatchId = Annotated[str, Depends(_batch_id)]
_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "one JSON object a line: the fields of POST /v1/expressions or, with "
        '`"call": "faces"`, of POST /v1/faces; and an `id` that comes back with the result',
        "content": {LINES: {"schema": {"type": "string"}}},
    },
    "parameters": [
        {
            "name": KEY,
            "in": "header",
            "schema": {"type": "string", "pattern": f"^{_GOOD_KEY.pattern}$"},
            "description": "sent again with the same key a batch is the same one, not a second",
        },
        {
            "name": WEBHOOK,
            "in": "header",
            "schema": {"type": "string", "format": "uri"},
            "description": "called, signed, when the batch has ended; at hosts the operator allows",
        },
    ],
}
TAKEN: Final[refusals.Responses] = {
    202: {
        "model": BatchAnswer,
        "description": "The batch, which is kept; `Location` says where it is",
        "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
    }
}
_PAGE: Final[refusals.Responses] = {
    200: {
        "model": BatchPageAnswer,
        "description": "The batch with a page of results; with `Accept: application/x-ndjson` one "
        "result a line, as they come, until the batch ends",
        "content": {LINES: {"schema": {"type": "string"}}},
        "headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}},
    }
}


@router.post(
    "/v1/batches", status_code=202, openapi_extra=_BODY, responses={**TAKEN, **refusals.BATCHES}
)
async def take_batch(request: Request, jobs: TheJobs) -> Response:
    """Many pictures for later: accepted when all of it is on disk, and then every line is done."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _LINE_TYPES:
        raise ProblemError(WRONG_MEDIA_TYPE, f"send {LINES}: one JSON object a line")
    owner = owner_of(request)
    webhook = request.headers.get(WEBHOOK)
    if webhook is not None:
        jobs.check_webhook(webhook)
    with jobs.arrival(request.state.caller):
        batch = await jobs.take(_parts(request), wish_of(request, webhook))
    return await accepted(jobs, batch, owner)


@router.get("/v1/batches/{batch}", responses={**_PAGE, **refusals.BATCH})
async def show_batch(
    request: Request,
    jobs: TheJobs,
    batch: BatchId,
    after: Annotated[
        int, Query(ge=0, le=_LAST, description="position of the last result you have")
    ] = 0,
    limit: Annotated[int, Query(ge=0, le=_MOST_RESULTS, description="results in one answer")] = 16,
) -> Response:
    """How far the batch is, and its results behind `after` in the order in which they were done."""
    found = await jobs.get(batch, owner_of(request))
    if LINES in request.headers.get("accept", ""):
        caller = request.state.caller
        return _Stream(_lines(jobs, found, after, caller), jobs.stream(caller))
    results = await jobs.results(found, after, limit) if limit else []
    found = await jobs.get(batch, found.owner)  # not older than its results
    last = results[-1].position if results else after
    following = last if found.ended is None or last < found.answered else None
    head = json.dumps({**batch_shape(found), "next": following})[:-1].encode()
    told = [part for result in results for part in (b",", *_placed(result))]
    headers = {} if found.ended else {"Retry-After": str(_LOOK_AGAIN_S)}
    return Sent([head, b',"results":[', *told[1:], b"]}"], "application/json", headers)


@router.delete("/v1/batches/{batch}", responses={200: {"model": BatchAnswer}, **refusals.CANCELLED})
async def cancel_batch(request: Request, jobs: TheJobs, batch: BatchId) -> JSONResponse:
    """End the batch, if it has not ended. Results that it has stay until it expires."""
    return JSONResponse(batch_shape(await jobs.cancel(batch, owner_of(request))))


async def accepted(jobs: Jobs, batch: str, owner: str) -> Response:
    """The answer to whoever brought a batch."""
    return JSONResponse(
        batch_shape(await jobs.get(batch, owner)), 202, headers={"Location": f"/v1/batches/{batch}"}
    )


def wish_of(request: Request, webhook: str | None = None) -> Wish:
    """What the caller brings a batch with. Raises ProblemError."""
    allowance: Allowance = request.state.allowance

    async def count(pictures: int) -> None:
        await allowance.take(pictures - 1)  # the request itself is one already

    return Wish(owner_of(request), key_of(request), webhook, count, allowance.waive)


async def _parts(request: Request) -> AsyncGenerator[bytes, None]:
    """The body as it comes. Raises ProblemError when it stops coming, or takes too long."""
    stream = request.stream()
    until = time.monotonic() + LONGEST_ARRIVAL_S
    while (left := until - time.monotonic()) > 0:
        try:
            async with asyncio.timeout(min(left, _LONGEST_PAUSE_S)):
                part = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            break
        except ClientDisconnect as error:
            raise ProblemError(MALFORMED_BODY, "the body ended early") from error
        yield part
    raise ProblemError(
        SLOW_BODY,
        f"the batch stopped coming, or took more than {LONGEST_ARRIVAL_S:.0f} s; send it again, "
        "or several smaller ones",
    )


class _Stream(StreamingResponse):
    """Lines, streamed while a place is held for them. Raises ProblemError where there is none."""

    media_type = LINES

    def __init__(self, lines: AsyncGenerator[bytes, None], place: AbstractContextManager[None]):
        super().__init__(lines)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            await super().__call__(scope, receive, send)


async def _lines(jobs: Jobs, batch: Batch, after: int, caller: str) -> AsyncGenerator[bytes, None]:
    async for result in jobs.follow(batch, after, caller):
        for part in in_pieces((*_placed(result), b"\n")):
            yield part


def _placed(result: Result) -> tuple[Part, Part]:
    """The result's JSON object, with its position in it."""
    return b'{"position":%d,' % result.position, memoryview(result.body)[1:]
