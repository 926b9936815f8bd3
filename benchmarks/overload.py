"""`python -m benchmarks.overload`: the gateway with more to do than it can.

First callers that come at 50, 80, 120 and 200 % of what it can do, whether it has answered or not:
goodput, latency of what is answered, how soon the rest is refused, and whether it still says that
it lives. Then 64 callers at once who hang up after two seconds, on a model of 20 GFLOP.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx

from benchmarks import command
from benchmarks.gateway import GatewayError, RunningGateway, running_gateway
from benchmarks.load import (
    Load,
    LoadError,
    one_after_the_other,
    quantile_ms,
    whether_answered_or_not,
)
from benchmarks.rush import rush, told
from benchmarks.wire import edit_request
from engines.cores import usable_cores

_PROBES_PER_S: Final = 20
_TOGETHER: Final = 4
"""Callers come in groups, which is harder than one by one."""

_REFUSED: Final = (429, 503)


@dataclass(frozen=True)
class Level:
    """Callers at `offered` a second. `goodput` counts pictures that came within the deadline.

    It counts what came while others were coming: nothing is added that was answered afterwards.
    """

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both parts; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        picture = options.picture.read_bytes()
        with running_gateway(options.model_repository) as gateway:
            capacity, levels = _levels(gateway, picture, options)
            peak = gateway.process.peak_bytes()
        with tempfile.TemporaryDirectory() as folder:
            from benchmarks.heavy import heavy_repository  # needs onnx

            heavy = heavy_repository(options.model_repository, Path(folder), options.gflop)
            with running_gateway(heavy) as gateway:
                result = rush(
                    gateway,
                    edit_request(gateway.url, picture, options.expression),
                    callers=options.callers,
                    patience=options.patience,
                    seconds=options.rush_seconds,
                )
    except (OSError, ValueError, GatewayError, LoadError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"\nmodel of {options.gflop:g} GFLOP: {told(result)}")
    report = {
        "cores": usable_cores(),
        "picture": options.picture.name,
        "deadline_s": options.deadline,
        "capacity": capacity,
        "levels": [asdict(level) for level in levels],
        "peak_resident_bytes": peak,
        "rush": asdict(result),
    }
    command.write_report(options.out, report)
    print(f"\npeak resident memory under open load: {peak / 1e6:.0f} MB; written to {options.out}")
    return 0


def _levels(
    gateway: RunningGateway, picture: bytes, options: argparse.Namespace
) -> tuple[float, list[Level]]:
    """What the gateway can do, two callers for each core, and what it does at shares of that."""
    deadline = {"X-Request-Timeout": f"{options.deadline:g}"}
    request = edit_request(gateway.url, picture, options.expression, deadline)
    one_after_the_other(request, 1, min(2.0, options.seconds))  # pays for what later ones share
    full = one_after_the_other(request, 2 * usable_cores(), options.seconds)
    capacity = len(full.good()) / full.seconds
    if not capacity:
        raise LoadError("no picture came while the capacity was measured; allow more --seconds")
    print(f"capacity: {capacity:.2f} pictures/s; deadline {options.deadline:g} s\n")
    print(
        f"{'offered':>8} {'/s':>7} {'goodput/s':>10} {'refused':>8} {'failed':>7}"
        f" {'p50 ms':>8} {'p99 ms':>8} {'refused p99':>12} {'healthz p99':>12} {'generator':>10}"
    )
    levels = []
    for share in options.levels:
        levels.append(_level(gateway, request, share, capacity, options))
        _print(levels[-1])
    best = max(level.goodput for level in levels)
    print(f"\ngoodput at the highest level: {levels[-1].goodput / best:.0%} of the peak")
    return capacity, levels


def _level(
    gateway: RunningGateway,
    request: httpx.Request,
    share: float,
    capacity: float,
    options: argparse.Namespace,
) -> Level:
    with ThreadPoolExecutor(1) as beside:
        probes = beside.submit(_probe, gateway, options.seconds)
        load = whether_answered_or_not(request, share * capacity, options.seconds, _TOGETHER)
        health = probes.result()
    good = [a for a in load.good() if a.seconds <= options.deadline]
    in_time = [a for a in good if a.sent_s + a.seconds <= load.seconds]
    refused = [a for a in load.answers if a.status in _REFUSED]
    cpu = (load.cpu_seconds + health.cpu_seconds) / load.seconds
    return Level(
        of_capacity=share,
        offered=len(load.answers) / load.seconds,
        goodput=len(in_time) / load.seconds,
        refused=len(refused),
        failed=len(load.answers) - len(good) - len(refused),
        p50_ms=quantile_ms(good, 0.5),
        p99_ms=quantile_ms(good, 0.99),
        refused_p99_ms=quantile_ms(refused, 0.99),
        healthz_p99_ms=quantile_ms(health.answers, 0.99),
        healthz_max_ms=quantile_ms(health.answers, 1.0),
        generator_cpu=cpu / usable_cores(),
    )


def _probe(gateway: RunningGateway, seconds: float) -> Load:
    """/healthz, asked over and over."""
    request = httpx.Request("GET", f"{gateway.url}/healthz")
    return whether_answered_or_not(request, _PROBES_PER_S, seconds)


def _print(level: Level) -> None:
    print(
        f"{level.of_capacity:>8.0%} {level.offered:>7.2f} {level.goodput:>10.2f}"
        f" {level.refused:>8} {level.failed:>7} {level.p50_ms:>8.0f} {level.p99_ms:>8.0f}"
        f" {level.refused_p99_ms:>12.0f} {level.healthz_p99_ms:>12.1f}"
        f" {level.generator_cpu:>10.1%}",
        flush=True,
    )


def _parser() -> argparse.ArgumentParser:
    parser = command.parser("benchmarks.overload", __doc__)
    parser.add_argument("--levels", type=_shares, default=(0.5, 0.8, 1.2, 2.0), metavar="X,X,...")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each level")
    parser.add_argument("--deadline", type=float, default=5.0, help="of each request, seconds")
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--patience", type=float, default=2.0, help="after which they hang up")
    parser.add_argument("--rush-seconds", type=float, default=8.0)
    parser.add_argument("--gflop", type=float, default=20.0)
    return parser


def _shares(text: str) -> tuple[float, ...]:
    return tuple(float(share) for share in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
