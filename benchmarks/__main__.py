"""`python -m benchmarks`: the gateway beside the most that this machine could do.

Prints, in one run, the in-process ceiling, the gateway's latency and throughput under several
numbers of callers, its share of that ceiling and its peak memory; writes the same as JSON.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.ceiling import Ceiling, Work, measure, watch
from benchmarks.gateway import ROOT, GatewayError, RunningGateway, running_gateway
from engines.cores import usable_cores
from serving.pipeline import RequestError

_PATIENCE_S: Final = 120


@dataclass(frozen=True)
class Level:
    """The gateway under `callers` at once.

    `cpu_ms` is its processor time per picture; `cpu_share_of_ceiling` compares it with that of the
    ceiling, which holds on a busy machine too. The two last shares are of all cores.
    """

    callers: int
    requests: int
    p50_ms: float
    p95_ms: float
    pictures_per_second: float
    ceiling: float
    share_of_ceiling: float
    cpu_ms: float
    cpu_share_of_ceiling: float
    gateway_cpu: float
    generator_cpu: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    options = _parser().parse_args(arguments)
    cores = usable_cores()
    try:
        work = watch(options.picture.read_bytes(), options.expression, options.model_repository)
        ceilings = {n: _ceiling(work, n, cores, options.seconds) for n in sorted({1, cores})}
        _print_ceilings(work, list(ceilings.values()), options.picture)
        print(
            f"\n{'callers':>7} {'p50 ms':>8} {'p95 ms':>8} {'pictures/s':>11} {'of ceiling':>11}"
            f" {'CPU ms each':>12} {'of ceiling':>11} {'gateway CPU':>12} {'generator CPU':>14}"
        )
        levels: list[Level] = []
        # One address stands for all callers, and each waits for its picture however long.
        with running_gateway(
            options.model_repository, caller_share=1, max_wait=_PATIENCE_S, timeout=_PATIENCE_S
        ) as gateway:
            _load(gateway, options, 1, 1.0)  # the first request pays for what later ones share
            for callers in options.callers:
                ceiling = ceilings[1 if callers == 1 else cores]
                levels.append(_level(gateway, options, callers, ceiling, cores))
                _print_level(levels[-1])
            peak = gateway.peak_bytes()
    except (OSError, ValueError, RequestError, GatewayError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"\npeak resident memory of the gateway: {peak / 1e6:.0f} MB")
    report = {
        "machine": _machine(cores),
        "picture": options.picture.name,
        "bytes": len(work.data),
        "model_runs": [name for name, _ in work.runs],
        "ceilings": [asdict(ceiling) for ceiling in ceilings.values()],
        "levels": [asdict(level) for level in levels],
        "peak_resident_bytes": peak,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    print(f"written to {options.out}")
    return 0


def _ceiling(work: Work, callers: int, cores: int, seconds: float) -> Ceiling:
    """The best of the ways to spread the models' runs over the cores."""
    ways = (measure(work, callers, threads, seconds / 2) for threads in sorted({1, cores}))
    return max(ways, key=lambda ceiling: ceiling.pictures_per_second)


def _level(
    gateway: RunningGateway,
    options: argparse.Namespace,
    callers: int,
    ceiling: Ceiling,
    cores: int,
) -> Level:
    before = gateway.cpu_seconds()
    result = _load(gateway, options, callers, options.seconds)
    used = gateway.cpu_seconds() - before
    latencies, wall = sorted(result["latencies"]), result["wall_s"]
    rate = len(latencies) / wall
    return Level(
        callers=callers,
        requests=len(latencies),
        p50_ms=1e3 * statistics.median(latencies),
        p95_ms=1e3 * latencies[int(0.95 * (len(latencies) - 1))],
        pictures_per_second=rate,
        ceiling=ceiling.pictures_per_second,
        share_of_ceiling=rate / ceiling.pictures_per_second,
        cpu_ms=1e3 * used / len(latencies),
        cpu_share_of_ceiling=ceiling.cpu_ms * len(latencies) / (1e3 * used),
        gateway_cpu=used / wall / cores,
        generator_cpu=result["cpu_s"] / wall / cores,
    )


def _load(
    gateway: RunningGateway, options: argparse.Namespace, callers: int, seconds: float
) -> dict[str, Any]:
    """Run the load generator. Raises GatewayError when it fails."""
    command = [sys.executable, "-m", "benchmarks.load", gateway.url, str(options.picture.resolve())]
    command += ["--expression", options.expression]
    command += ["--callers", str(callers), "--seconds", str(seconds)]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if run.returncode:
        raise GatewayError("the load generator failed; it says why above")
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def _print_ceilings(work: Work, ceilings: Sequence[Ceiling], picture: Path) -> None:
    runs = ", ".join(name for name, _ in work.runs)
    print(f"{picture.name}, {len(work.data):,} bytes; model runs per picture: {runs}")
    for ceiling in ceilings:
        told = f"{ceiling.callers} caller{'s' if ceiling.callers > 1 else ''}"
        print(
            f"in-process ceiling (decode + onnxruntime + encode), {told}: "
            f"{ceiling.pictures_per_second:.2f} pictures/s, {ceiling.cpu_ms:.1f} CPU ms each "
            f"({ceiling.run_threads} thread{'s' if ceiling.run_threads > 1 else ''} a model run)"
        )


def _print_level(level: Level) -> None:
    print(
        f"{level.callers:>7} {level.p50_ms:>8.1f} {level.p95_ms:>8.1f}"
        f" {level.pictures_per_second:>11.2f} {level.share_of_ceiling:>11.0%}"
        f" {level.cpu_ms:>12.1f} {level.cpu_share_of_ceiling:>11.0%} {level.gateway_cpu:>12.0%}"
        f" {level.generator_cpu:>14.0%}",
        flush=True,
    )


def _machine(cores: int) -> dict[str, Any]:
    names = ("numpy", "onnxruntime", "pillow", "opencv-python-headless", "fastapi", "uvicorn")
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cores": cores,
        "processor": models[0] if models else platform.machine(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in names},
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--picture", type=Path, default=ROOT / "examples" / "sprite.png")
    parser.add_argument("--expression", default="angry")
    parser.add_argument("--callers", type=_counts, default=(1, 4, 16), metavar="N,N,...")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument("--model-repository", type=Path, default=ROOT / "model_repository")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "benchmarks" / "gateway.json")
    return parser


def _counts(text: str) -> tuple[int, ...]:
    return tuple(int(count) for count in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
