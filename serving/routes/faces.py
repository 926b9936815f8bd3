"""`POST /v1/faces`: where the faces of a picture are."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from serving.fields import FacesFields, read_fields
from serving.gateway import TheGateway
from serving.routes.body import PROBLEMS, described
from serving.shapes import faces_shape

router = APIRouter()


@router.post(
    "/v1/faces", openapi_extra=described(FacesFields), responses=PROBLEMS, tags=["pictures"]
)
async def find_faces(request: Request, gateway: TheGateway) -> JSONResponse:
    """Boxes, scores and landmarks of all faces, the surest first."""
    async with gateway.visit(request) as visit:
        fields = await read_fields(
            request, FacesFields, gateway.settings.max_bytes, partial(gateway.fetch, visit)
        )
        result = await visit.work(
            gateway.cost("faces", fields.image),
            lambda deadline: gateway.pipeline.faces(fields.image, deadline=deadline),
        )
        return JSONResponse(faces_shape(result))
