"""`POST /v1/faces`: where the faces of a picture are."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from serving.calls import FACES
from serving.conditional import KEPT, TheTags, has, not_modified
from serving.fields import FacesFields, read_fields
from serving.gateway import TheGateway
from serving.routes.body import PROBLEMS, described
from serving.routes.later import LATER, later, wants_later
from serving.shapes import faces_shape

router = APIRouter()


@router.post(
    "/v1/faces",
    openapi_extra=described(FacesFields),
    response_class=JSONResponse,
    responses={**LATER, **PROBLEMS},
    tags=["pictures"],
)
async def find_faces(request: Request, gateway: TheGateway, tags: TheTags) -> Response:
    """Boxes, scores and landmarks of all faces, the surest first.

    With `Prefer: respond-async` they are found later, as a batch of one line.
    """
    if wants_later(request):
        return await later(request, gateway, FACES)
    async with gateway.visit(request) as visit:
        fields = await read_fields(
            request, FacesFields, gateway.settings.max_bytes, partial(gateway.fetch, visit)
        )

        def work(deadline: float) -> Response:
            tag = tags.tag(FACES.name, fields, exact=False)
            if has(request, tag):
                return not_modified(tag)
            result = gateway.pipeline.faces(fields.image, deadline=deadline)
            return JSONResponse(faces_shape(result), headers={"ETag": tag, **KEPT})

        return await visit.work(gateway.cost(FACES.name, fields.image), work)
