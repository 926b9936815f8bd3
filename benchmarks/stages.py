"""`python -m benchmarks.stages`: what each stage of one edit takes, in this process.

Prints the median of wall and of processor time by stage; on a busy machine only the latter tells.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import command
from engines.cores import usable_cores
from engines.onnx_engine import OnnxEngine
from serving.pipeline import Pipeline
from serving.request_errors import RequestError
from serving.settings import from_environment
from serving.stages import STAGES


@dataclass(frozen=True)
class Stage:
    """Medians over all edits, in milliseconds; the name `edit` stands for all stages together."""

    name: str
    wall_ms: float
    cpu_ms: float


def measure(
    data: bytes, expression: str, repository: Path, *, threads: int, repeats: int
) -> list[Stage]:
    """Edit the picture in `data` over and over. Raises what the pipeline raises."""
    ends: list[tuple[str, float, float]] = []

    def observe(stage: str, seconds: float) -> None:
        ends.append((stage, seconds, time.process_time()))

    engine = OnnxEngine(repository, threads=threads)
    wall: dict[str, list[float]] = {stage: [] for stage in (*STAGES, "edit")}
    cpu: dict[str, list[float]] = {stage: [] for stage in (*STAGES, "edit")}
    try:
        pipeline = Pipeline(
            engine, from_environment({}, model_repository=repository), observe=observe
        )
        pipeline.edit(data, expression)  # the first pays for what later ones share
        for _ in range(repeats):
            ends.clear()
            begun, before = time.perf_counter(), time.process_time()
            start = before
            pipeline.edit(data, expression)
            wall["edit"].append(time.perf_counter() - begun)
            for stage, seconds, end in ends:  # stages come one after the other
                wall[stage].append(seconds)
                cpu[stage].append(end - before)
                before = end
            cpu["edit"].append(before - start)
    finally:
        engine.close()
    return [Stage(name, *(1e3 * statistics.median(t[name]) for t in (wall, cpu))) for name in wall]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = command.parser("benchmarks.stages", __doc__)
    parser.add_argument("--threads", type=int, default=usable_cores(), help="of a model's run")
    parser.add_argument("--repeats", type=int, default=40)
    given = parser.parse_args(arguments)
    try:
        stages = measure(
            given.picture.read_bytes(),
            given.expression,
            given.model_repository,
            threads=given.threads,
            repeats=given.repeats,
        )
    except (OSError, ValueError, RequestError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{given.picture.name}, {given.threads} thread(s) a model run; medians of each")
    print(f"{'stage':<8} {'wall ms':>9} {'CPU ms':>9}")
    for stage in stages:
        print(f"{stage.name:<8} {stage.wall_ms:>9.1f} {stage.cpu_ms:>9.1f}")
    command.write_report(given.out, [asdict(stage) for stage in stages])
    return 0


if __name__ == "__main__":
    sys.exit(main())
