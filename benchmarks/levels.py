"""The gateway under a number of callers, beside what this machine can do in one process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import httpx

from benchmarks.ceiling import InProcess
from benchmarks.gateway import RunningGateway
from benchmarks.load import one_after_the_other, quantile_ms
from benchmarks.process import Process

EngineName = Literal["embedded", "triton", "triton-shm"]
ENGINES: Final[tuple[EngineName, ...]] = get_args(EngineName)
"""Models in the gateway; in Triton, over gRPC; the same with tensors in shared memory."""


@dataclass(frozen=True)
class Level:
    """The gateway under `callers` at once; `engine` says where its models run.

    `errors` counts answers that are no pictures. `cpu_ms` is processor time per picture, of the
    gateway and of Triton. `edit` and `models` are the pictures a second of the same edit in one
    process and of the bare models there, and each `share_of` is what of them was reached; the
    `cpu_share_of` compare processor time a picture, which holds on a busy machine too. What share
    of processor time the gateway, Triton and the load generator took is of all cores.
    """

    engine: EngineName
    callers: int
    requests: int
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    pictures_per_second: float
    edit: float
    share_of_edit: float
    models: float
    share_of_models: float
    gateway_cpu_ms: float
    triton_cpu_ms: float
    cpu_share_of_edit: float
    cpu_share_of_models: float
    gateway_cpu: float
    triton_cpu: float
    generator_cpu: float


@dataclass(frozen=True)
class Place:
    """A gateway that runs, with the Triton that has its models, if it is not itself."""

    engine: EngineName
    gateway: RunningGateway
    triton: Process | None = None

    def cpu_seconds(self) -> tuple[float, float]:
        """Processor time of the gateway and of Triton so far."""
        triton = self.triton.cpu_seconds() if self.triton else 0.0
        return self.gateway.process.cpu_seconds(), triton

    def peak_bytes(self) -> dict[str, int]:
        """The most memory that was resident at once, by the name of the process."""
        peaks = {"gateway": self.gateway.process.peak_bytes()}
        return peaks | ({"triton": self.triton.peak_bytes()} if self.triton else {})


def level(
    place: Place,
    request: httpx.Request,
    callers: int,
    seconds: float,
    edit: InProcess,
    models: InProcess,
    cores: int,
) -> Level:
    """Ask for `seconds` and measure. Raises LoadError where no answer came in that time."""
    before = place.cpu_seconds()
    load = one_after_the_other(request, callers, seconds)
    gateway, triton = (after - b for after, b in zip(place.cpu_seconds(), before, strict=True))
    good = load.good()
    rate = len(good) / load.seconds
    each = 1e3 / max(1, len(good))
    return Level(
        engine=place.engine,
        callers=callers,
        requests=len(load.answers),
        errors=len(load.answers) - len(good),
        p50_ms=quantile_ms(good, 0.5),
        p95_ms=quantile_ms(good, 0.95),
        p99_ms=quantile_ms(good, 0.99),
        pictures_per_second=rate,
        edit=edit.pictures_per_second,
        share_of_edit=rate / edit.pictures_per_second,
        models=models.pictures_per_second,
        share_of_models=rate / models.pictures_per_second,
        gateway_cpu_ms=gateway * each,
        triton_cpu_ms=triton * each,
        cpu_share_of_edit=edit.cpu_ms / ((gateway + triton) * each),
        cpu_share_of_models=models.cpu_ms / ((gateway + triton) * each),
        gateway_cpu=gateway / load.seconds / cores,
        triton_cpu=triton / load.seconds / cores,
        generator_cpu=load.cpu_seconds / load.seconds / cores,
    )


HEAD: Final = (
    f"{'':<44} {'share in pictures/s':^19} {'CPU ms a picture':^16} {'share in CPU ms':^19}"
    f" {'CPU of all cores':^26}\n"
    f"{'engine':<10} {'callers':>7} {'p50 ms':>8} {'p99 ms':>8} {'errors':>6} {'pictures/s':>10}"
    f" {'of edit':>8} {'of models':>10} {'gateway':>9} {'Triton':>6} {'of edit':>8}"
    f" {'of models':>10} {'gateway':>9} {'Triton':>6} {'generator':>9}"
)
"""`edit` is the same edit in one process, `models` its models alone between decode and encode."""


def line(level: Level) -> str:
    """`level` under HEAD."""
    return (
        f"{level.engine:<10} {level.callers:>7} {level.p50_ms:>8.1f} {level.p99_ms:>8.1f}"
        f" {level.errors:>6} {level.pictures_per_second:>10.2f}"
        f" {level.share_of_edit:>8.0%} {level.share_of_models:>10.0%}"
        f" {level.gateway_cpu_ms:>9.1f} {level.triton_cpu_ms:>6.1f}"
        f" {level.cpu_share_of_edit:>8.0%} {level.cpu_share_of_models:>10.0%}"
        f" {level.gateway_cpu:>9.0%} {level.triton_cpu:>6.0%} {level.generator_cpu:>9.1%}"
    )
