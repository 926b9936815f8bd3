"""`POST /v1/sheets`: one picture, all expressions asked for."""

from __future__ import annotations

import json
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from serving import sheets
from serving.answers import GridAnswer, SheetAnswer
from serving.calls import SHEETS
from serving.conditional import TheTags
from serving.fields import SheetFields
from serving.gateway import TheGateway
from serving.pipeline import Pipeline
from serving.routes import refusals
from serving.routes.answer import answered
from serving.routes.body import described
from serving.routes.later import LATER
from serving.sent import Sent

router = APIRouter()

FACTS: Final = "X-Celmood-Sheet"
_FACTS: Final = {
    "description": "Beside a file: the names of the expressions, and the columns of a grid",
    "schema": {"type": "string", "contentMediaType": "application/json"},
}


@router.post(
    "/v1/sheets",
    openapi_extra=described(SheetFields),
    response_class=Response,
    responses={
        200: {
            "model": SheetAnswer | GridAnswer,
            "description": "A ZIP, or a picture with `layout=grid`, or JSON with "
            "`Accept: application/json`",
            "content": {"application/zip": {}, "image/png": {}, "image/webp": {}, "image/jpeg": {}},
            "headers": {FACTS: _FACTS, **refusals.TAGGED},
        },
        **LATER,
        **refusals.SHEETS,
    },
    tags=["pictures"],
)
async def draw_sheet(request: Request, gateway: TheGateway, tags: TheTags) -> Response:
    """The picture with one expression after the other, each as POST /v1/expressions draws it.

    A ZIP has a file for each expression and `sheet.json`; a grid has them row by row in the order
    of the header X-Celmood-Sheet. With `Prefer: respond-async` the sheet is drawn later, as a batch
    of one line.
    """
    return await answered(request, gateway, tags, SHEETS, _file)


def _file(pipeline: Pipeline, fields: SheetFields, deadline: float) -> Sent:
    make = sheets.grid if fields.layout == "grid" else sheets.zipped
    file = make(pipeline, fields, deadline)
    told = {"expressions": file.expressions, "columns": file.columns}
    facts = json.dumps(told, separators=(",", ":"))
    return Sent([file.data], file.media_type, headers={FACTS: facts})
