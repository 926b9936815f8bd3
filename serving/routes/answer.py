"""How a call on one picture is answered: later or now, by its tag, as JSON or as a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import Request
from fastapi.responses import Response

from serving.calls import Fields, PictureCall, cost_of
from serving.conditional import KEPT, Tags, has, not_modified
from serving.fields import read_fields
from serving.gateway import Gateway
from serving.json_pictures import written
from serving.pipeline import Pipeline
from serving.routes.body import wants_json
from serving.routes.later import later, wants_later
from serving.sent import Sent

Draw = Callable[[Pipeline, Fields, float], Sent]
"""Does a call by a deadline of `time.monotonic()`, and answers with a file."""


async def answered(
    request: Request,
    gateway: Gateway,
    tags: Tags,
    call: PictureCall[Fields],
    draw: Draw[Fields] | None = None,
) -> Response:
    """The answer to a request for `call`; without `draw` it is always JSON. Raises ProblemError."""
    if wants_json(request.headers.get("accept", "")):
        draw = None
    put_off = wants_later(request)
    async with gateway.visit(request, later=put_off) as visit:
        read = partial(
            read_fields,
            request,
            call.fields,
            gateway.settings.max_bytes,
            partial(gateway.fetch, visit),
        )
        if put_off:
            return await later(request, visit, call, read)
        fields = await read()

        def work(deadline: float) -> Response:
            # JSON tells the seconds, too, which are never the same.
            tag = tags.tag(call.name, fields, exact=draw is not None)
            if has(request, tag):
                return not_modified(tag)
            if draw is None:
                told = call.answer(gateway.pipeline, fields, deadline)
                answer = Sent(written(told), "application/json")
            else:
                answer = draw(gateway.pipeline, fields, deadline)
            answer.headers.update({"ETag": tag, **KEPT})
            return answer

        return await visit.work(cost_of(gateway.pipeline, call, fields), work)
