"""The FastAPI gateway: routes over one Gateway, every error as problem details."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from engines.protocol import Engine
from serving.conditional import Tags
from serving.drain import draining
from serving.gateway import open_gateway
from serving.jobs.jobs import open_jobs, working
from serving.problems import (
    BAD_REQUEST,
    BUSY,
    CLOSING,
    EXPECTED,
    INVALID_FIELD,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    ProblemError,
    answer,
    problem_of,
)
from serving.routes import batches, docs, expressions, faces, health, models, sheets
from serving.security.guard import guard, harden
from serving.settings import Settings
from serving.tracing import telemetry
from serving.watch import Watch

_log = logging.getLogger("celmood")
_OUR_FAULT: Final = 500
_EXPECTED_OFTEN: Final = (BUSY, CLOSING)
"""Counted, but not logged: under load the log would be full of them."""


def create_app(settings: Settings, engine: Engine) -> FastAPI:
    """The gateway over `engine`, which is closed with the app. Raises what Pipeline raises.

    Raises SettingsError, too, when batches cannot be kept where the settings say.
    """
    gateway = open_gateway(engine, settings)
    jobs = open_jobs(settings, gateway.pipeline, gateway.admission, gateway.urls, gateway.metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        async with draining(gateway.admission, settings), working(jobs):
            yield
        engine.close()

    app = FastAPI(
        title="celmood",
        version=_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry=telemetry(),
    )
    app.state.gateway = gateway
    app.state.jobs = jobs
    app.state.tags = Tags(gateway.pipeline)
    for module in (faces, expressions, sheets, batches, models, health, docs):
        app.include_router(module.router)
    admission = gateway.admission
    guard(app, settings)  # middleware: what is added later stands outside of it
    app.add_middleware(Watch, metrics=gateway.metrics, closing=lambda: admission.closing)
    harden(app, settings)
    kinds: tuple[type[Exception], ...] = (ProblemError, *EXPECTED)
    for kind in kinds:
        app.add_exception_handler(kind, _expected)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


def _answer(request: Request, problem: ProblemError) -> JSONResponse:
    request.state.outcome = problem.kind.slug
    return answer(problem, request.state.request_id)


async def _expected(request: Request, error: Exception) -> JSONResponse:
    problem = problem_of(error)
    if problem.kind.status >= _OUR_FAULT and problem.kind not in _EXPECTED_OFTEN:
        _log.warning("request %s: %s: %s", request.state.request_id, problem.kind.slug, error)
    return _answer(request, problem)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED}.get(error.status_code, BAD_REQUEST)
    detail = "see /docs for what is offered" if kind in (NOT_FOUND, METHOD_NOT_ALLOWED) else ""
    problem = ProblemError(kind, detail or str(error.detail), headers=error.headers)
    return _answer(request, problem)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [{"field": str(e["loc"][-1]), "message": e["msg"]} for e in error.errors()]
    told = "; ".join(f"{e['field']}: {e['message']}" for e in errors)
    return _answer(request, ProblemError(INVALID_FIELD, told, extra={"errors": errors}))


def _version() -> str:
    try:
        return version("celmood-server")
    except PackageNotFoundError:
        return "0"
