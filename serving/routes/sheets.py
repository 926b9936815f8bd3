"""`POST /v1/sheets`: one picture, all expressions asked for."""

from __future__ import annotations

import json
from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from serving import sheets
from serving.calls import SHEETS, asked_faces
from serving.conditional import KEPT, TheTags, has, not_modified
from serving.fields import SheetFields, read_fields
from serving.gateway import TheGateway
from serving.routes.body import PROBLEMS, described, wants_json
from serving.routes.later import LATER, later, wants_later

router = APIRouter()

FACTS: Final = "X-Celmood-Sheet"


@router.post(
    "/v1/sheets",
    openapi_extra=described(SheetFields),
    response_class=Response,
    responses={
        200: {
            "description": "A ZIP, or a picture with `layout=grid`, or JSON with "
            "`Accept: application/json`",
            "content": {"application/zip": {}, "image/png": {}, "image/webp": {}, "image/jpeg": {}},
            "headers": {FACTS: {"schema": {"type": "string"}}},
        },
        **LATER,
        **PROBLEMS,
    },
    tags=["pictures"],
)
async def draw_sheet(request: Request, gateway: TheGateway, tags: TheTags) -> Response:
    """The picture with one expression after the other, each as POST /v1/expressions draws it.

    A ZIP has a file for each expression and `sheet.json`; a grid has them row by row in the order
    of the header X-Celmood-Sheet. With `Prefer: respond-async` the sheet is drawn later, as a batch
    of one line.
    """
    if wants_later(request):
        return await later(request, gateway, SHEETS)
    as_json = wants_json(request.headers.get("accept", ""))
    async with gateway.visit(request) as visit:
        fields = await read_fields(
            request, SheetFields, gateway.settings.max_bytes, partial(gateway.fetch, visit)
        )

        def work(deadline: float) -> Response:
            tag = tags.tag(SHEETS.name, fields, exact=not as_json)
            if has(request, tag):
                return not_modified(tag)
            headers = {"ETag": tag, **KEPT}
            if as_json:
                answer = sheets.answer(gateway.pipeline, fields, deadline)
                return JSONResponse(answer, headers=headers)
            make = sheets.grid if fields.layout == "grid" else sheets.zipped
            file = make(gateway.pipeline, fields, deadline)
            told = {"expressions": file.expressions, "columns": file.columns}
            headers[FACTS] = json.dumps(told, separators=(",", ":"))
            return Response(file.data, media_type=file.media_type, headers=headers)

        count = asked_faces(gateway.pipeline, fields)
        cost = gateway.cost(SHEETS.name, fields.image, count)
        return await visit.work(cost, work)
