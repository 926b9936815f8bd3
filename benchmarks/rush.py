"""Many callers at once who hang up, on a model with a lot to compute; for benchmarks.overload.

What they meet is what no load generator tells: whether a refusal says when to come again, whether
the gateway goes on working for those who have left, and how soon it is its old self again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from benchmarks.gateway import RunningGateway
from benchmarks.load import quantile_ms, whether_answered_or_not
from benchmarks.wire import Answer, Wire, bytes_of
from engines.cores import usable_cores

_PROBES_PER_S: Final = 20
_PATIENCE_S: Final = 60.0
_LONE: Final = 3
_REFUSED: Final = (429, 503)


@dataclass(frozen=True)
class Rush:
    """Many callers at once who hang up; `edits` is what the gateway worked on in that time.

    `lone_s` is what one request took before, `lone_after_s` the same right after.
    """

    callers: int
    patience_s: float
    seconds: float
    capacity: float
    answered: int
    answered_per_second: float
    refused: int
    without_retry_after: int
    hung_up: int
    failed: int
    refused_p99_ms: float
    edits: int
    lone_s: float
    lone_after_s: float
    healthz_max_ms: float


def rush(
    gateway: RunningGateway,
    request: httpx.Request,
    *,
    callers: int,
    patience: float,
    seconds: float,
) -> Rush:
    """`callers` at once for `seconds`; each hangs up after `patience` and comes again.

    Who is refused waits as long as he is asked to.
    """
    return asyncio.run(_rush(gateway, bytes_of(request), callers, patience, seconds))


async def _rush(
    gateway: RunningGateway, request: bytes, callers: int, patience: float, seconds: float
) -> Rush:
    async with Wire(gateway.url) as wire:
        await wire.ask(request, _PATIENCE_S)  # pays for what later ones share
        capacity = await _capacity(wire, request, seconds)
        lone = min([await wire.ask(request, _PATIENCE_S) for _ in range(_LONE)], key=_seconds)
        before, start = _edits(gateway), time.perf_counter()
        healthz = httpx.Request("GET", f"{gateway.url}/healthz")
        probes = asyncio.create_task(
            asyncio.to_thread(whether_answered_or_not, healthz, _PROBES_PER_S, seconds)
        )
        answers = await _calls(wire, request, callers, patience, start + seconds)
        took = time.perf_counter() - start
        after = await wire.ask(request, _PATIENCE_S)
        edits = _edits(gateway) - before - 1
        health = await probes
    good = [a for a in answers if a.status == 200]
    refused = [a for a in answers if a.status in _REFUSED]
    gone = [a for a in answers if a.status == 0 and a.seconds >= patience]
    return Rush(
        callers=callers,
        patience_s=patience,
        seconds=took,
        capacity=capacity,
        answered=len(good),
        answered_per_second=len(good) / took,
        refused=len(refused),
        without_retry_after=sum(a.retry_after < 1 for a in refused),
        hung_up=len(gone),
        failed=len(answers) - len(good) - len(refused) - len(gone),
        refused_p99_ms=quantile_ms(refused, 0.99),
        edits=edits,
        lone_s=lone.seconds,
        lone_after_s=after.seconds,
        healthz_max_ms=quantile_ms(health.answers, 1.0),
    )


async def _capacity(wire: Wire, request: bytes, seconds: float) -> float:
    """Pictures a second of callers that ask for one after the other, two for each core."""
    start = time.perf_counter()
    callers = 2 * usable_cores()
    answers = await _calls(wire, request, callers, _PATIENCE_S, start + seconds)
    return sum(a.status == 200 for a in answers) / (time.perf_counter() - start)


async def _calls(
    wire: Wire, request: bytes, callers: int, patience: float, until: float
) -> Sequence[Answer]:
    """What the callers met that came before `until`."""
    answers: list[Answer] = []

    async def call() -> None:
        while (left := until - time.perf_counter()) > 0:
            answer = await wire.ask(request, patience)
            answers.append(answer)
            if answer.status != 200:
                await asyncio.sleep(min(answer.retry_after, left))

    await asyncio.gather(*(call() for _ in range(callers)))
    return answers


def _edits(gateway: RunningGateway) -> int:
    """How many edits have come to their model, by the gateway's own count."""
    text = httpx.get(f"{gateway.url}/metrics", timeout=_PATIENCE_S).text
    name = 'celmood_stage_seconds_count{stage="infer"}'
    return next((int(float(s.split()[1])) for s in text.splitlines() if s.startswith(name)), 0)


def _seconds(answer: Answer) -> float:
    return answer.seconds


def told(rush: Rush) -> str:
    """What happened, in one sentence."""
    return (
        f"{rush.callers} callers at once who hang up after {rush.patience_s:g} s, "
        f"{rush.seconds:.1f} s: {rush.answered} answered "
        f"({rush.answered_per_second:.2f}/s; capacity {rush.capacity:.2f}/s), {rush.refused} "
        f"refused within {rush.refused_p99_ms:.0f} ms (p99), {rush.without_retry_after} of them "
        f"without Retry-After, {rush.hung_up} hung up, {rush.failed} failed; "
        f"{rush.edits} edits computed; a lone request {rush.lone_s:.2f} s before, "
        f"{rush.lone_after_s:.2f} s right after; healthz at most {rush.healthz_max_ms:.0f} ms"
    )
