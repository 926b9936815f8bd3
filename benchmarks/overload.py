"""`python -m benchmarks.overload`: the gateway with more to do than it can.

First callers that come at 50, 80, 120 and 200 % of what it can do, whether it has answered or not:
goodput, latency of what is answered, how soon the rest is refused, and whether it still says that
it lives. Then 64 callers at once who hang up after two seconds, on a model of 20 GFLOP.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from benchmarks.gateway import ROOT, GatewayError, RunningGateway, running_gateway
from benchmarks.load import request_bytes
from benchmarks.wire import Answer, Wire
from engines.cores import usable_cores

_PROBE_S = 0.05
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Level:
    """Callers at `offered` a second. `goodput` counts pictures that came within the deadline."""

    of_capacity: float
    offered: float
    goodput: float
    refused: int
    failed: int
    p50_ms: float
    p99_ms: float
    refused_p99_ms: float
    healthz_p99_ms: float
    healthz_max_ms: float
    generator_cpu: float


@dataclass(frozen=True)
class Rush:
    """Many callers at once who hang up; `edits` is what the gateway worked on in that time.

    `lone_s` is what one request took before, `lone_after_s` the same right after.
    """

    callers: int
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both parts; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        picture = options.picture.read_bytes()
        with running_gateway(options.model_repository) as gateway:
            capacity, levels = asyncio.run(_levels(gateway, picture, options))
            peak = gateway.peak_bytes()
        with tempfile.TemporaryDirectory() as folder:
            from benchmarks.heavy import heavy_repository  # needs onnx

            heavy = heavy_repository(options.model_repository, Path(folder), options.gflop)
            with running_gateway(heavy) as gateway:
                rush = asyncio.run(_rush(gateway, picture, options))
    except (OSError, ValueError, GatewayError) as error:
        print(error, file=sys.stderr)
        return 1
    report = {
        "cores": usable_cores(),
        "picture": options.picture.name,
        "deadline_s": options.deadline,
        "capacity": capacity,
        "levels": [asdict(level) for level in levels],
        "peak_resident_bytes": peak,
        "rush": asdict(rush),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    print(f"\npeak resident memory under open load: {peak / 1e6:.0f} MB; written to {options.out}")
    return 0


async def _levels(
    gateway: RunningGateway, picture: bytes, options: argparse.Namespace
) -> tuple[float, list[Level]]:
    request = _request(gateway, picture, options, f"X-Request-Timeout: {options.deadline:g}")
    async with Wire(gateway.url) as wire:
        capacity = await _capacity(wire, request, options.seconds)
        print(f"capacity: {capacity:.2f} pictures/s; deadline {options.deadline:g} s\n")
        print(
            f"{'offered':>8} {'/s':>7} {'goodput/s':>10} {'refused':>8} {'failed':>7}"
            f" {'p50 ms':>8} {'p99 ms':>8} {'refused p99':>12} {'healthz p99':>12} {'CPU':>5}"
        )
        levels = []
        for share in options.levels:
            levels.append(await _level(gateway, wire, request, share, capacity, options))
            _print(levels[-1])
    best = max(level.goodput for level in levels)
    print(f"\ngoodput at the highest level: {levels[-1].goodput / best:.0%} of the peak")
    return capacity, levels


async def _capacity(wire: Wire, request: bytes, seconds: float) -> float:
    """Pictures a second of callers that ask for one after the other, two for each core."""
    await wire.ask(request, _PATIENCE_S)  # pays for what later ones share
    start, count = time.perf_counter(), 0

    async def call() -> None:
        nonlocal count
        while time.perf_counter() - start < seconds:
            count += (await wire.ask(request, _PATIENCE_S)).status == 200

    await asyncio.gather(*(call() for _ in range(2 * usable_cores())))
    return count / (time.perf_counter() - start)


async def _level(
    gateway: RunningGateway,
    wire: Wire,
    request: bytes,
    share: float,
    capacity: float,
    options: argparse.Namespace,
) -> Level:
    """Callers who come by chance, `share` of the capacity on the average."""
    chance, calls = random.Random(0), []
    start, cpu = time.perf_counter(), time.process_time()
    coming = start
    async with _probed(gateway) as health:
        while (coming := coming + chance.expovariate(share * capacity)) < start + options.seconds:
            await asyncio.sleep(max(0.0, coming - time.perf_counter()))
            calls.append(asyncio.ensure_future(wire.ask(request, _PATIENCE_S)))
        busy = (time.process_time() - cpu) / (time.perf_counter() - start)
        answers = await asyncio.gather(*calls)
    good = [a for a in answers if a.status == 200 and a.seconds <= options.deadline]
    refused = [a for a in answers if a.status in (429, 503)]
    return Level(
        of_capacity=share,
        offered=len(answers) / options.seconds,
        goodput=len(good) / options.seconds,
        refused=len(refused),
        failed=len(answers) - len(good) - len(refused),
        p50_ms=_quantile(good, 0.5),
        p99_ms=_quantile(good, 0.99),
        refused_p99_ms=_quantile(refused, 0.99),
        healthz_p99_ms=_quantile(health, 0.99),
        healthz_max_ms=_quantile(health, 1.0),
        generator_cpu=busy / usable_cores(),
    )


async def _rush(gateway: RunningGateway, picture: bytes, options: argparse.Namespace) -> Rush:
    request = _request(gateway, picture, options)
    answers: list[Answer] = []
    async with Wire(gateway.url) as wire:
        capacity = await _capacity(wire, request, options.rush_seconds)
        lone = min([await wire.ask(request, _PATIENCE_S) for _ in range(3)], key=_seconds)
        before = _edits(gateway)
        start = time.perf_counter()

        async def call() -> None:
            while (left := start + options.rush_seconds - time.perf_counter()) > 0:
                answer = await wire.ask(request, options.patience)
                answers.append(answer)
                if answer.status != 200:
                    await asyncio.sleep(min(answer.retry_after, left))

        async with _probed(gateway) as health:
            await asyncio.gather(*(call() for _ in range(options.callers)))
        seconds = time.perf_counter() - start
        after = await wire.ask(request, _PATIENCE_S)
        edits = _edits(gateway) - before - 1
    good = [a for a in answers if a.status == 200]
    refused = [a for a in answers if a.status in (429, 503)]
    gone = [a for a in answers if a.status == 0 and a.seconds >= options.patience]
    rush = Rush(
        callers=options.callers,
        seconds=seconds,
        capacity=capacity,
        answered=len(good),
        answered_per_second=len(good) / seconds,
        refused=len(refused),
        without_retry_after=sum(a.retry_after < 1 for a in refused),
        hung_up=len(gone),
        failed=len(answers) - len(good) - len(refused) - len(gone),
        refused_p99_ms=_quantile(refused, 0.99),
        edits=edits,
        lone_s=lone.seconds,
        lone_after_s=after.seconds,
        healthz_max_ms=_quantile(health, 1.0),
    )
    print(
        f"\n{rush.callers} callers at once who hang up after {options.patience:g} s, model of "
        f"{options.gflop:g} GFLOP, {rush.seconds:.1f} s: {rush.answered} answered "
        f"({rush.answered_per_second:.2f}/s; capacity {rush.capacity:.2f}/s), {rush.refused} "
        f"refused within {rush.refused_p99_ms:.0f} ms (p99), {rush.without_retry_after} of them "
        f"without Retry-After, {rush.hung_up} hung up, {rush.failed} failed; "
        f"{rush.edits} edits computed; a lone request {rush.lone_s:.2f} s before, "
        f"{rush.lone_after_s:.2f} s right after; healthz at most {rush.healthz_max_ms:.0f} ms"
    )
    return rush


@asynccontextmanager
async def _probed(gateway: RunningGateway) -> AsyncGenerator[list[Answer], None]:
    """Within the block /healthz is asked twenty times a second."""
    request = f"GET /healthz HTTP/1.1\r\nHost: {httpx.URL(gateway.url).netloc.decode()}\r\n\r\n"
    answers: list[Answer] = []

    async def probe() -> None:
        async with Wire(gateway.url) as wire:
            while True:
                answers.append(await wire.ask(request.encode(), _PATIENCE_S))
                await asyncio.sleep(_PROBE_S)

    task = asyncio.ensure_future(probe())
    try:
        yield answers
    finally:
        task.cancel()


def _request(
    gateway: RunningGateway, picture: bytes, options: argparse.Namespace, *headers: str
) -> bytes:
    plain = request_bytes(gateway.url, picture, options.expression)
    first, rest = plain.split(b"\r\n", 1)
    return b"\r\n".join([first, *(header.encode() for header in headers), rest])


def _edits(gateway: RunningGateway) -> int:
    """How many edits have come to their model, by the gateway's own count."""
    text = httpx.get(f"{gateway.url}/metrics", timeout=_PATIENCE_S).text
    name = 'celmood_stage_seconds_count{stage="infer"}'
    return next((int(float(s.split()[1])) for s in text.splitlines() if s.startswith(name)), 0)


def _seconds(answer: Answer) -> float:
    return answer.seconds


def _quantile(answers: Sequence[Answer], share: float) -> float:
    """Milliseconds; 0 where there are no answers."""
    times = sorted(1e3 * answer.seconds for answer in answers)
    return times[int(share * (len(times) - 1))] if times else 0.0


def _print(level: Level) -> None:
    print(
        f"{level.of_capacity:>8.0%} {level.offered:>7.2f} {level.goodput:>10.2f}"
        f" {level.refused:>8} {level.failed:>7} {level.p50_ms:>8.0f} {level.p99_ms:>8.0f}"
        f" {level.refused_p99_ms:>12.0f} {level.healthz_p99_ms:>12.1f}"
        f" {level.generator_cpu:>5.0%}",
        flush=True,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--picture", type=Path, default=ROOT / "examples" / "sprite.png")
    parser.add_argument("--expression", default="angry")
    parser.add_argument("--levels", type=_shares, default=(0.5, 0.8, 1.2, 2.0), metavar="X,X,...")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each level")
    parser.add_argument("--deadline", type=float, default=5.0, help="of each request, seconds")
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--patience", type=float, default=2.0, help="after which they hang up")
    parser.add_argument("--rush-seconds", type=float, default=8.0)
    parser.add_argument("--gflop", type=float, default=20.0)
    parser.add_argument("--model-repository", type=Path, default=ROOT / "model_repository")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "benchmarks" / "overload.json")
    return parser


def _shares(text: str) -> tuple[float, ...]:
    return tuple(float(share) for share in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
