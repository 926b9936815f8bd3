"""What the routes share: the pipeline, the threads it runs on, figures and limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Request

from engines.cores import usable_cores
from engines.protocol import Engine
from serving.metrics import Metrics
from serving.pipeline import Pipeline
from serving.settings import Settings
from serving.work import Workers

T = TypeVar("T")


@dataclass(frozen=True)
class Gateway:
    """One gateway: made with the app, handed to every route."""

    settings: Settings
    pipeline: Pipeline
    metrics: Metrics
    workers: Workers

    async def work(self, work: Callable[[float], T]) -> T:
        """The result of `work(deadline)` in a thread; the deadline counts from now."""
        deadline = time.monotonic() + self.settings.timeout
        return await self.workers.run(lambda: work(deadline))


def open_gateway(engine: Engine, settings: Settings) -> Gateway:
    """A gateway over `engine`. Raises what Pipeline raises."""
    metrics = Metrics()
    workers = Workers(settings.workers or usable_cores(), settings.queue, metrics)
    return Gateway(settings, Pipeline(engine, settings, metrics.observe_stage), metrics, workers)


def _of(request: Request) -> Gateway:
    return cast(Gateway, request.app.state.gateway)


TheGateway = Annotated[Gateway, Depends(_of)]
