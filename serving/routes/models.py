"""`GET /v1/models`: the cards of what is loaded, and what could not be."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from contract.card import Card
from serving.gateway import TheGateway
from serving.problems import MODEL_UNAVAILABLE, UNKNOWN_MODEL, ProblemError
from serving.routes.body import PROBLEMS

router = APIRouter(tags=["models"])


@router.get("/v1/models")
def list_models(gateway: TheGateway) -> dict[str, Any]:
    """All cards by name in `models`; in `problems` the models that cannot be used, and why."""
    cards = gateway.pipeline.engine.cards()
    return {
        "models": [card.model_dump(mode="json") for _, card in sorted(cards.items())],
        "problems": dict(gateway.pipeline.engine.problems()),
    }


@router.get("/v1/models/{name}", responses=PROBLEMS)
def show_model(name: str, gateway: TheGateway) -> Card:
    """The card of one model."""
    engine = gateway.pipeline.engine
    cards = engine.cards()
    if name in cards:
        return cards[name]
    problems = engine.problems()
    if name in problems:
        raise ProblemError(MODEL_UNAVAILABLE, problems[name])
    known = sorted(cards)
    raise ProblemError(
        UNKNOWN_MODEL,
        f"unknown model {name!r}; known are {', '.join(known) or 'none'}",
        extra={"known": known},
    )
