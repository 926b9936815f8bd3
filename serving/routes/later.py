"""`Prefer: respond-async` (RFC 7240): accepted now and done later, as a batch of one line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from serving.calls import Fields, PictureCall
from serving.jobs.lines import write_line
from serving.routes.batches import TAKEN, accepted, jobs_of, owner_of, wish_of
from serving.routes.refusals import TAGGED, Responses
from serving.visit import Visit

_PREFERENCE: Final = "respond-async"

LATER: Final[Responses] = {
    202: {
        **TAKEN[202],
        "description": "With `Prefer: respond-async`: the batch at `Location` will have the result",
    },
    304: {"description": "With `If-None-Match`: the caller has the result", "headers": TAGGED},
}


def wants_later(request: Request) -> bool:
    """Whether the caller prefers to come back for the answer, and that can be done here."""
    given = ",".join(request.headers.getlist("prefer")).split(",")
    wanted = _PREFERENCE in [each.partition(";")[0].strip().lower() for each in given]
    return wanted and request.app.state.jobs is not None


async def later(
    request: Request,
    visit: Visit,
    call: PictureCall[Fields],
    read: Callable[[], Awaitable[Fields]],
) -> Response:
    """Accept `call` as a batch of one line, within `visit`; `read` gives its fields.

    Raises ProblemError.
    """
    jobs = jobs_of(request)
    owner = owner_of(request)
    with jobs.arrival(request.state.caller):
        fields = await read()
        visit.working = True
        line = await asyncio.to_thread(write_line, call, fields)
        batch = await jobs.take(_only(line), wish_of(request))
    answer = await accepted(jobs, batch, owner)
    answer.headers["Preference-Applied"] = _PREFERENCE
    return answer


async def _only(line: bytes) -> AsyncGenerator[bytes, None]:
    yield line
