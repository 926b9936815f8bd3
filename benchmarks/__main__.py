"""`python -m benchmarks`: the gateway beside what this machine can do in one process.

Prints, in one run, what the same edit and what the bare models reach in one process without HTTP,
then the gateway's latency and throughput under several numbers of callers, with its models in its
own process and, with `--triton`, in a real Triton, its shares of both and its peak memory; writes
the same as JSON.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks import command
from benchmarks.ceiling import InProcess, Work, measure_edits, measure_models, watch
from benchmarks.gateway import GatewayError, running_gateway
from benchmarks.levels import ENGINES, HEAD, EngineName, Level, Place, level, line
from benchmarks.load import LoadError, one_after_the_other
from benchmarks.triton import Triton, TritonError, check_installed
from benchmarks.wire import edit_request
from engines.cores import usable_cores
from serving.request_errors import RequestError

_PATIENCE_S: Final = 120
_WARM_UP_S: Final = 2.0

Measure = Callable[[Work, int, int, float], InProcess]
_IN_PROCESS: Final[Mapping[str, Measure]] = {"edit": measure_edits, "models": measure_models}
_TOLD: Final = {
    "edit": "edit (the gateway's own, whole)",
    "models": "models (decode + onnxruntime + encode, nothing else)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    options = _parser().parse_args(arguments)
    cores = usable_cores()
    levels: list[Level] = []
    peaks: dict[str, dict[str, int]] = {}
    try:
        if options.triton:
            check_installed()  # minutes before it is wanted
        work = watch(options.picture.read_bytes(), options.expression, options.model_repository)
        print(f"{options.picture.name}, {len(work.data):,} bytes; model runs: {_runs(work)}")
        alone = {
            name: {n: _best(measure, work, n, cores, options.seconds) for n in sorted({1, cores})}
            for name, measure in _IN_PROCESS.items()
        }
        _print_in_process(alone)
        print(f"\n{HEAD}")
        for engine in ENGINES if options.triton else ENGINES[:1]:
            with _running(options.model_repository, engine) as place:
                request = edit_request(place.gateway.url, work.data, options.expression)
                one_after_the_other(request, 1, _WARM_UP_S)  # pays for what later ones share
                for callers in options.callers:
                    beside = {
                        name: found[1 if callers == 1 else cores] for name, found in alone.items()
                    }
                    levels.append(
                        level(place, request, callers, options.seconds, cores=cores, **beside)
                    )
                    print(line(levels[-1]), flush=True)
                peaks[place.engine] = place.peak_bytes()
    except (OSError, ValueError, RequestError, GatewayError, LoadError, TritonError) as error:
        print(error, file=sys.stderr)
        return 1
    print()
    for name, processes in peaks.items():
        told = ", ".join(f"{process} {peak / 1e6:.0f} MB" for process, peak in processes.items())
        print(f"peak resident memory, {name}: {told}")
    report = {
        "machine": _machine(cores),
        "picture": options.picture.name,
        "bytes": len(work.data),
        "model_runs": [name for name, _ in work.runs],
        "in_process": {name: [asdict(f) for f in found.values()] for name, found in alone.items()},
        "levels": [asdict(level) for level in levels],
        "peak_resident_bytes": peaks,
    }
    command.write_report(options.out, report)
    print(f"written to {options.out}")
    return 0


@contextmanager
def _running(repository: Path, engine: EngineName) -> Iterator[Place]:
    """A gateway for which one address stands for all callers, and each waits however long."""
    settings: dict[str, object] = {
        "caller_share": 1,
        "max_wait": _PATIENCE_S,
        "timeout": _PATIENCE_S,
    }
    if engine == "embedded":
        with running_gateway(repository, **settings) as gateway:
            yield Place(engine, gateway)
        return
    with Triton(repository) as triton:
        settings |= {"engine": "triton", "triton": triton.address}
        settings["triton_shared_memory"] = engine == "triton-shm"
        with running_gateway(repository, **settings) as gateway:
            yield Place(engine, gateway, triton.process)


def _best(measure: Measure, work: Work, callers: int, cores: int, seconds: float) -> InProcess:
    """The best of the ways to spread the models' runs over the cores."""
    ways = (measure(work, callers, threads, seconds / 2) for threads in sorted({1, cores}))
    return max(ways, key=lambda found: found.pictures_per_second)


def _print_in_process(alone: Mapping[str, Mapping[int, InProcess]]) -> None:
    print("in one process, without HTTP:")
    for name, measured in alone.items():
        for found in measured.values():
            print(
                f"  {_TOLD[name]}, {found.callers} caller{'s' if found.callers > 1 else ''}: "
                f"{found.pictures_per_second:.2f} pictures/s, {found.cpu_ms:.1f} CPU ms each "
                f"({found.run_threads} thread{'s' if found.run_threads > 1 else ''} a model run)"
            )


def _runs(work: Work) -> str:
    return ", ".join(name for name, _ in work.runs)


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
    parser = command.parser("benchmarks", __doc__)
    parser.add_argument("--callers", type=_counts, default=(1, 4, 16, 64), metavar="N,N,...")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument(
        "--triton",
        action="store_true",
        help="measure with a real Triton, too, with tensors sent and with shared memory",
    )
    return parser


def _counts(text: str) -> tuple[int, ...]:
    return tuple(int(count) for count in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
