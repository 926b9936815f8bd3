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
from starlette.routing import Match, Route
from starlette.types import Lifespan

from engines.protocol import Engine
from serving.conditional import Tags
from serving.document import DescribedApp
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
_ROUTERS: Final = [m.router for m in (faces, expressions, sheets, batches, models, health, docs)]
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

    app = interface(lifespan)
    app.state.gateway = gateway
    app.state.jobs = jobs
    app.state.tags = Tags(gateway.pipeline)
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


def interface(lifespan: Lifespan[DescribedApp] | None = None) -> DescribedApp:
    """The routes and their document, with nothing behind them yet."""
    app = DescribedApp(
        title="celmood",
        version=_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # to where `Host` says, and without TLS, with the caller's key
        openapi_url=None,  # a route of serving.routes.docs, which does not hold the event loop
        telemetry=telemetry(),
    )
    for router in _ROUTERS:
        app.include_router(router)
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
    headers = dict(error.headers or {})
    if kind is METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed(request) or headers.get("Allow", "")
    return _answer(request, ProblemError(kind, detail or str(error.detail), headers=headers))


def _allowed(request: Request) -> str:
    """The methods of all routes of the path; the framework names those of the first alone."""
    routes = [route for router in _ROUTERS for route in router.routes if isinstance(route, Route)]
    fitting = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in fitting for method in route.methods or ()}))


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
