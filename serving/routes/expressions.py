"""`POST /v1/expressions`: a picture with another expression."""

from __future__ import annotations

import json
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from serving.answers import EditAnswer
from serving.calls import EXPRESSIONS, edit
from serving.conditional import TheTags
from serving.fields import ExpressionFields
from serving.gateway import TheGateway
from serving.pipeline import Pipeline
from serving.routes import refusals
from serving.routes.answer import answered
from serving.routes.body import described
from serving.routes.later import LATER
from serving.sent import Sent
from serving.shapes import edit_shape

router = APIRouter()

FACTS: Final = "X-Celmood-Faces"
_FACTS: Final = {
    "description": "Beside a file: the same as the JSON answer has, without the picture",
    "schema": {"type": "string", "contentMediaType": "application/json"},
}


@router.post(
    "/v1/expressions",
    openapi_extra=described(ExpressionFields),
    response_class=Response,
    responses={
        200: {
            "model": EditAnswer,
            "description": "The picture, or JSON with `Accept: application/json`",
            "content": {"image/png": {}, "image/webp": {}, "image/jpeg": {}},
            "headers": {FACTS: _FACTS, **refusals.TAGGED},
        },
        **LATER,
        **refusals.EDITS,
    },
    tags=["pictures"],
)
async def edit_expression(request: Request, gateway: TheGateway, tags: TheTags) -> Response:
    """The picture with the wanted expression on every face asked for.

    Every pixel outside the rectangles `changed` stays as it was. The same facts as in the JSON
    answer, all but the picture, are in the header X-Celmood-Faces. With `Prefer: respond-async` the
    picture is done later, as a batch of one line.
    """
    return await answered(request, gateway, tags, EXPRESSIONS, _picture)


def _picture(pipeline: Pipeline, fields: ExpressionFields, deadline: float) -> Sent:
    result = edit(pipeline, fields, deadline)
    facts = json.dumps(edit_shape(result), separators=(",", ":"))
    return Sent([result.data], f"image/{result.format}", headers={FACTS: facts})
