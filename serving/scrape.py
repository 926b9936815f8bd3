"""One answer to Prometheus, from one process or from several that share a folder of figures.

Which of several processes answers is chance. So counters, histograms and gauges come from the
folder in `PROMETHEUS_MULTIPROC_DIR`, and what the kernel knows of processes is summed over them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from engines.protocol import Engine, KnowsDevices

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"

_SUMMED: Final = {
    "process_cpu_seconds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
}
"""Of other metrics (start, limit of files) the smallest counts."""


def scrape(registry: CollectorRegistry, collectors: Iterable[Collector]) -> bytes:
    """The figures of `registry`, or of all processes, and of `collectors`, as Prometheus' text."""
    now = CollectorRegistry()
    pids = [os.getpid()]
    if folder := os.environ.get(FOLDER):
        pids = living(Path(folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry, folder)
    now.register(Processes(pids))
    for collector in collectors:
        now.register(collector)
    return bytes(generate_latest(registry) + generate_latest(now))


def living(folder: Path) -> list[int]:
    """The processes that have written into `folder` and live; the gauges of the others go."""
    pids = {int(file.stem.rpartition("_")[2]) for file in folder.glob("*.db")}
    alive = sorted(pid for pid in pids if Path(f"/proc/{pid}").exists())
    for pid in pids.difference(alive):
        with suppress(FileNotFoundError):  # another scrape was faster
            mark_process_dead(pid, str(folder))
    return alive


class Processes(Collector):
    """`process_*` of several processes: processor time, memory and files of all together."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = tuple(pids)

    def collect(self) -> Iterator[Metric]:
        """One metric each; the start is that of the oldest process."""
        found: dict[str, Metric] = {}
        for pid in self._pids:
            for metric in ProcessCollector(pid=_always(pid), registry=None).collect():
                told = found.setdefault(metric.name, metric)
                if told is not metric:
                    _merge(told, metric, sum if metric.name in _SUMMED else min)
        yield from found.values()


def _always(pid: int) -> Callable[[], int]:
    return lambda: pid


def _merge(into: Metric, other: Metric, how: Callable[[list[float]], float]) -> None:
    into.samples = [
        one._replace(value=how([one.value, two.value]))
        for one, two in zip(into.samples, other.samples, strict=True)
    ]


class Models(Collector):
    """Which models can be run, in which version and on what, and which cannot."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """`celmood_model_info` and `celmood_model_problem`, 1 for each model."""
        knows = self._engine if isinstance(self._engine, KnowsDevices) else None
        devices = knows.devices() if knows else {}
        wanted = knows.wanted_devices() if knows else {}
        info = GaugeMetricFamily(
            "celmood_model_info",
            "A model that can be run: version, task, device, the one it is meant for, and first "
            "digits of its weights",
            labels=["model", "version", "task", "device", "wanted", "weights"],
        )
        for name, card in sorted(self._engine.cards().items()):
            on = devices.get(name, "unknown"), wanted.get(name, "any")
            info.add_metric([name, str(card.version), card.task, *on, card.weights_sha256[:12]], 1)
        problem = GaugeMetricFamily(
            "celmood_model_problem",
            "A model or server that cannot be used; /readyz has the reason",
            labels=["name"],
        )
        for name in sorted(self._engine.problems()):
            problem.add_metric([name], 1)
        yield info
        yield problem
