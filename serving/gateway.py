"""What the routes share: the pipeline, who may use it, figures and limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Annotated, Final, cast

import anyio
from fastapi import Depends, Request

from engines.protocol import Engine
from serving.admission import Admission, Limits
from serving.engine import pictures_at_once
from serving.metrics import Metrics
from serving.observed import ObservedEngine
from serving.pipeline import Pipeline
from serving.room import Room
from serving.scrape import Models
from serving.security.guard import open_urls
from serving.security.urls import Urls
from serving.settings import Settings
from serving.visit import Visit, caller_of, visiting

_WATCHERS: Final = 4


@dataclass(frozen=True)
class Gateway:
    """One gateway: made with the app, handed to every route.

    `bodies` and `answers` are bytes that callers send, and that they are sent; `watchers` are
    threads for those who watch over it, which no picture ever takes.
    """

    settings: Settings
    pipeline: Pipeline
    metrics: Metrics
    admission: Admission
    bodies: Room
    answers: Room
    watchers: anyio.CapacityLimiter
    urls: Urls

    def visit(self, request: Request, *, later: bool) -> AbstractAsyncContextManager[Visit]:
        """Around all that is done for a request with a picture; see `serving.visit`."""
        settings = self.settings
        return visiting(
            request,
            self.admission,
            self.bodies,
            longest=settings.timeout,
            most_bytes=settings.max_bytes * 4 // 3,
            later=later,
        )

    @contextmanager
    def sending(self, request: Request, size: int) -> Iterator[None]:
        """Around sending so many bytes, which count as the caller's until they are sent.

        They take room from bodies, too. Raises ProblemError.
        """
        caller = caller_of(request)
        match self.answers.refusal(caller, size):
            case "full":
                raise self.admission.refused("memory")
            case "share":
                raise self.admission.refused("share")
        with self.answers.held(caller, size), self.bodies.held(caller, size):
            yield

    async def fetch(self, visit: Visit, url: str) -> bytes:
        """The picture at `url`, which counts among the bodies. Raises ProblemError."""
        visit.hold(self.settings.max_bytes)
        return await self.urls.fetch(url)


def open_gateway(engine: Engine, settings: Settings) -> Gateway:
    """A gateway over `engine`. Raises what Pipeline raises.

    Of several processes each has its part of the threads and of the memory.
    """
    metrics = Metrics()
    metrics.add(Models(engine))
    watched = ObservedEngine(engine, metrics)
    parts = settings.processes
    limits = Limits(
        size=pictures_at_once(settings),
        queue=settings.queue,
        wait=settings.max_wait,
        share=settings.caller_share,
        pixels=settings.max_pixels_at_once // parts,
    )
    metrics.threads.set(limits.size)
    return Gateway(
        settings,
        Pipeline(watched, settings, metrics.observe_stage),
        metrics,
        Admission(limits, metrics),
        Room(settings.max_bytes_at_once // parts, settings.caller_share),
        Room(settings.max_bytes_at_once // parts, settings.caller_share),
        anyio.CapacityLimiter(_WATCHERS),
        open_urls(settings),
    )


async def _of(request: Request) -> Gateway:
    return cast(Gateway, request.app.state.gateway)


TheGateway = Annotated[Gateway, Depends(_of)]
