"""`POST /v1/expressions`: a picture with another expression."""

from __future__ import annotations

import json
from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from serving.calls import EXPRESSIONS, asked_faces, edit
from serving.conditional import KEPT, TheTags, has, not_modified
from serving.fields import ExpressionFields, read_fields
from serving.gateway import TheGateway
from serving.routes.body import PROBLEMS, described, wants_json
from serving.routes.later import LATER, later, wants_later
from serving.shapes import edit_answer, edit_shape

router = APIRouter()

FACTS: Final = "X-Celmood-Faces"


@router.post(
    "/v1/expressions",
    openapi_extra=described(ExpressionFields),
    response_class=Response,
    responses={
        200: {
            "description": "The picture, or JSON with `Accept: application/json`",
            "content": {"image/png": {}, "image/webp": {}, "image/jpeg": {}},
            "headers": {FACTS: {"schema": {"type": "string"}}},
        },
        **LATER,
        **PROBLEMS,
    },
    tags=["pictures"],
)
async def edit_expression(request: Request, gateway: TheGateway, tags: TheTags) -> Response:
    """The picture with the wanted expression on every face asked for.

    Every pixel outside the rectangles `changed` stays as it was. The same facts as in the JSON
    answer, all but the picture, are in the header X-Celmood-Faces. With `Prefer: respond-async` the
    picture is done later, as a batch of one line.
    """
    if wants_later(request):
        return await later(request, gateway, EXPRESSIONS)
    as_json = wants_json(request.headers.get("accept", ""))
    async with gateway.visit(request) as visit:
        fields = await read_fields(
            request, ExpressionFields, gateway.settings.max_bytes, partial(gateway.fetch, visit)
        )

        def work(deadline: float) -> Response:
            # JSON tells the seconds, too, which are never the same.
            tag = tags.tag(EXPRESSIONS.name, fields, exact=not as_json)
            if has(request, tag):
                return not_modified(tag)
            result = edit(gateway.pipeline, fields, deadline)
            headers = {"ETag": tag, **KEPT}
            if as_json:
                return JSONResponse(edit_answer(result), headers=headers)
            headers[FACTS] = json.dumps(edit_shape(result), separators=(",", ":"))
            return Response(result.data, media_type=f"image/{result.format}", headers=headers)

        cost = gateway.cost(EXPRESSIONS.name, fields.image, asked_faces(gateway.pipeline, fields))
        return await visit.work(cost, work)
