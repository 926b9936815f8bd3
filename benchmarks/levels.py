"""The gateway under a number of callers, beside the most that this machine could do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import httpx

from benchmarks.ceiling import Ceiling
from benchmarks.gateway import RunningGateway
from benchmarks.load import one_after_the_other, quantile_ms
from benchmarks.process import Process


@dataclass(frozen=True)
class Level:
    """The gateway under `callers` at once; `engine` says where its models run.

    `errors` counts answers that are no pictures. `cpu_ms` is processor time per picture, of the
    gateway and of Triton; `cpu_share_of_ceiling` compares both together with the ceiling's, which
    holds on a busy machine too. The shares of processor time that the gateway, Triton and the load
    generator took are of all cores.
    """

    engine: str
    callers: int
    requests: int
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    pictures_per_second: float
    ceiling: float
    share_of_ceiling: float
    gateway_cpu_ms: float
    triton_cpu_ms: float
    cpu_share_of_ceiling: float
    gateway_cpu: float
    triton_cpu: float
    generator_cpu: float


@dataclass(frozen=True)
class Place:
    """A gateway that runs, with the Triton that has its models, if it is not itself."""

    gateway: RunningGateway
    triton: Process | None = None

    @property
    def engine(self) -> str:
        return "embedded" if self.triton is None else "triton"

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
    ceiling: Ceiling,
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
        ceiling=ceiling.pictures_per_second,
        share_of_ceiling=rate / ceiling.pictures_per_second,
        gateway_cpu_ms=gateway * each,
        triton_cpu_ms=triton * each,
        cpu_share_of_ceiling=ceiling.cpu_ms / ((gateway + triton) * each),
        gateway_cpu=gateway / load.seconds / cores,
        triton_cpu=triton / load.seconds / cores,
        generator_cpu=load.cpu_seconds / load.seconds / cores,
    )


HEAD: Final = (
    f"{'engine':<9} {'callers':>7} {'p50 ms':>8} {'p99 ms':>8} {'errors':>6} {'pictures/s':>10}"
    f" {'of ceiling':>10} {'CPU ms each: gateway':>20} {'Triton':>6} {'of ceiling':>10}"
    f" {'CPU: gateway':>12} {'Triton':>6} {'generator':>9}"
)


def line(level: Level) -> str:
    """`level` under HEAD."""
    return (
        f"{level.engine:<9} {level.callers:>7} {level.p50_ms:>8.1f} {level.p99_ms:>8.1f}"
        f" {level.errors:>6} {level.pictures_per_second:>10.2f} {level.share_of_ceiling:>10.0%}"
        f" {level.gateway_cpu_ms:>20.1f} {level.triton_cpu_ms:>6.1f}"
        f" {level.cpu_share_of_ceiling:>10.0%} {level.gateway_cpu:>12.0%}"
        f" {level.triton_cpu:>6.0%} {level.generator_cpu:>9.1%}"
    )
