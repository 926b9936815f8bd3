"""`GET /v1/models`: the cards of what is loaded, and what could not be."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from contract.card import Card
from engines.protocol import KnowsDevices, TellsNotices
from serving.answers import ModelsAnswer
from serving.conditional import KEPT, has, not_modified, tag_of
from serving.gateway import TheGateway
from serving.problems import MODEL_UNAVAILABLE, UNKNOWN_MODEL, ProblemError
from serving.routes import refusals

router = APIRouter(tags=["models"])

UNCHANGED: Final[refusals.Responses] = {
    200: {"headers": refusals.TAGGED},
    304: {"description": "With `If-None-Match`: the caller has it", "headers": refusals.TAGGED},
}


@router.get("/v1/models", response_model=ModelsAnswer, responses={**UNCHANGED, **refusals.MODELS})
def list_models(request: Request, gateway: TheGateway) -> Response:
    """All cards by name in `models`; in `problems` the models that cannot be used, and why; in
    `devices` what each runs on, `cpu` or `gpu`; in `notices` what keeps nothing from running, such
    as one of several servers that is away. The last two as far as the engine knows.
    """
    engine = gateway.pipeline.engine
    cards = engine.cards()
    devices = dict(engine.devices()) if isinstance(engine, KnowsDevices) else {}
    notices = dict(engine.notices()) if isinstance(engine, TellsNotices) else {}
    return _tagged(
        request,
        {
            "models": [card.model_dump(mode="json") for _, card in sorted(cards.items())],
            "problems": dict(engine.problems()),
            "devices": devices,
            "notices": notices,
        },
    )


@router.get("/v1/models/{name}", response_model=Card, responses={**UNCHANGED, **refusals.MODEL})
def show_model(request: Request, name: str, gateway: TheGateway) -> Response:
    """The card of one model."""
    engine = gateway.pipeline.engine
    cards = engine.cards()
    if name in cards:
        return _tagged(request, cards[name].model_dump(mode="json"))
    problems = engine.problems()
    if name in problems:
        raise ProblemError(MODEL_UNAVAILABLE, problems[name])
    known = sorted(cards)
    raise ProblemError(
        UNKNOWN_MODEL,
        f"unknown model {name!r}; known are {', '.join(known) or 'none'}",
        extra={"known": known},
    )


def _tagged(request: Request, body: dict[str, Any]) -> Response:
    """`body` as JSON with its tag, or only the tag to who has it."""
    answer = JSONResponse(body)
    tag = tag_of(hashlib.sha256(answer.body).hexdigest())
    if has(request, tag):
        return not_modified(tag)
    answer.headers.update({"ETag": tag, **KEPT})
    return answer
