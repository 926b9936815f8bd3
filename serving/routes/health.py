"""`/healthz`, `/readyz` and `/metrics`: for those who watch over the gateway."""

from __future__ import annotations

from typing import Final

import anyio.to_thread
from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from serving.answers import AliveAnswer, ReadyAnswer
from serving.gateway import Gateway, TheGateway
from serving.problems import CLOSING, NOT_READY, ProblemError
from serving.routes import refusals

router = APIRouter(tags=["operation"])

_TEXT: Final[refusals.Responses] = {
    200: {"description": "The figures", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get("/healthz", responses=refusals.ALIVE)
async def alive() -> AliveAnswer:
    """The process answers. Runs no model."""
    return {"status": "alive"}


@router.get("/readyz", responses=refusals.READY)
async def ready(gateway: TheGateway) -> ReadyAnswer:
    """Every model of the repository is loaded, and those that the pipeline needs are among them.

    Not so any more as soon as the gateway is told to stop.
    """
    if gateway.admission.closing:
        raise ProblemError(CLOSING, "the gateway is shutting down", headers={"Retry-After": "5"})
    return await anyio.to_thread.run_sync(_models, gateway, limiter=gateway.watchers)


def _models(gateway: Gateway) -> ReadyAnswer:
    engine = gateway.pipeline.engine
    problems = dict(engine.problems())
    missing = gateway.pipeline.missing()
    if problems or missing:
        told = [f"{name}: {why}" for name, why in problems.items()] + missing
        raise ProblemError(
            NOT_READY, "; ".join(told), extra={"problems": problems, "missing": missing}
        )
    return {"status": "ready", "models": sorted(engine.cards())}


@router.get("/metrics", response_class=Response, responses={**_TEXT, **refusals.METRICS})
async def metrics(gateway: TheGateway) -> Response:
    """All figures in Prometheus' text format."""
    text = await anyio.to_thread.run_sync(gateway.metrics.text, limiter=gateway.watchers)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
