"""`/healthz`, `/readyz` and `/metrics`: for those who watch over the gateway."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from serving.gateway import Gateway, TheGateway
from serving.problems import CLOSING, NOT_READY, ProblemError
from serving.routes.body import PROBLEMS

router = APIRouter(tags=["operation"])


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers. Runs no model."""
    return {"status": "alive"}


@router.get("/readyz", responses=PROBLEMS)
async def ready(gateway: TheGateway) -> dict[str, Any]:
    """Every model of the repository is loaded, and those that the pipeline needs are among them.

    Not so any more as soon as the gateway is told to stop.
    """
    if gateway.admission.closing:
        raise ProblemError(CLOSING, "the gateway is shutting down", headers={"Retry-After": "5"})
    return await anyio.to_thread.run_sync(_models, gateway, limiter=gateway.watchers)


def _models(gateway: Gateway) -> dict[str, Any]:
    engine = gateway.pipeline.engine
    problems = dict(engine.problems())
    missing = gateway.pipeline.missing()
    if problems or missing:
        told = [f"{name}: {why}" for name, why in problems.items()] + missing
        raise ProblemError(
            NOT_READY, "; ".join(told), extra={"problems": problems, "missing": missing}
        )
    return {"status": "ready", "models": sorted(engine.cards())}


@router.get("/metrics", response_class=Response)
async def metrics(gateway: TheGateway) -> Response:
    """All figures in Prometheus' text format."""
    text = await anyio.to_thread.run_sync(gateway.metrics.text, limiter=gateway.watchers)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
