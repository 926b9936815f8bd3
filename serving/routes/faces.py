"""`POST /v1/faces`: where the faces of a picture are."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from serving.answers import FacesAnswer
from serving.calls import FACES
from serving.conditional import TheTags
from serving.fields import FacesFields
from serving.gateway import TheGateway
from serving.routes import refusals
from serving.routes.answer import answered
from serving.routes.body import described
from serving.routes.later import LATER

router = APIRouter()


@router.post(
    "/v1/faces",
    openapi_extra=described(FacesFields),
    response_class=JSONResponse,
    responses={200: {"model": FacesAnswer, "headers": refusals.TAGGED}, **LATER, **refusals.FACES},
    tags=["pictures"],
)
async def find_faces(request: Request, gateway: TheGateway, tags: TheTags) -> Response:
    """Boxes, scores and landmarks of all faces, the surest first.

    With `Prefer: respond-async` they are found later, as a batch of one line.
    """
    return await answered(request, gateway, tags, FACES)
