"""What Prometheus reads: requests, stages, what waits and what it costs, runs of models.

Named by Prometheus' rules: base units (seconds, bytes), `_total` for counters, labels from short
lists only: route templates, problem types, stages, models. How several processes come together in
one answer is `serving.scrape`'s.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.registry import Collector

from serving.scrape import scrape

disable_created_metrics()  # a second series for each, which nobody asks for

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Upper bounds of the buckets of times. The objectives in docs/operations.md need 1 and 2.5."""
BATCHES: Final = (1, 2, 4, 8, 16, 32)


class Metrics:
    """The gateway's figures, in a registry of their own, so that two gateways do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._collectors: list[Collector] = []
        self.stages = self._seconds(
            "celmood_stage_seconds", "Seconds in one stage of the pipeline", "stage"
        )
        self.requests = self._counter(
            "celmood_requests",
            "Requests by route template, method, status and outcome: ok, or the problem's type",
            "route",
            "method",
            "status",
            "outcome",
        )
        self.seconds = self._seconds(
            "celmood_request_seconds",
            "Seconds from a request's head to the end of its answer",
            "route",
            "method",
            "status",
        )
        self.under_way = self._gauge(
            "celmood_requests_under_way", "Requests that have come and are not answered"
        )
        self.waiting = self._gauge("celmood_waiting_requests", "Requests that wait for a worker")
        self.waited = self._seconds(
            "celmood_wait_seconds", "Seconds that accepted work waited for a worker"
        )
        self.cost = self._gauge(
            "celmood_work_units",
            "Work that is accepted and not done, a face or a million pixels each one unit",
            "state",
        )
        self.threads = self._gauge("celmood_work_threads", "Threads that work on pictures")
        self.refused = self._counter(
            "celmood_refused", "Requests refused by admission, by reason", "reason"
        )
        self.runs = self._seconds(
            "celmood_engine_run_seconds", "Seconds of one run of a model, failed ones too", "model"
        )
        self.batches = Histogram(
            "celmood_engine_batch_size",
            "Pictures or faces in one run of a model",
            ["model"],
            registry=self.registry,
            buckets=BATCHES,
        )
        self.failures = self._counter(
            "celmood_engine_errors", "Runs of a model that failed, by kind", "model", "kind"
        )

        self.lines = self._seconds(
            "celmood_batch_line_seconds",
            "Seconds of a line of a batch, with its wait, by outcome: ok, failed, again",
            "outcome",
        )

    def observe_request(
        self, route: str, method: str, status: int, outcome: str, seconds: float
    ) -> None:
        """A request has been answered; `route` is a template, never a path."""
        self.requests.labels(route, method, str(status), outcome).inc()
        self.seconds.labels(route, method, str(status)).observe(seconds)

    def observe_stage(self, stage: str, seconds: float) -> None:
        """A stage of the pipeline has ended."""
        self.stages.labels(stage).observe(seconds)

    def observe_run(self, model: str, batch: int, seconds: float) -> None:
        """A run of a model has ended, well or not."""
        self.runs.labels(model).observe(seconds)
        self.batches.labels(model).observe(batch)

    def observe_failure(self, model: str, kind: str) -> None:
        """A run of a model has failed."""
        self.failures.labels(model, kind).inc()

    def observe_line(self, outcome: str, seconds: float) -> None:
        """A line of a batch has been tried; `outcome` is ok, failed or again."""
        self.lines.labels(outcome).observe(seconds)

    def add(self, collector: Collector) -> None:
        """Have `collector` asked at each scrape, for what is known then and need not be counted."""
        self._collectors.append(collector)

    def text(self) -> bytes:
        """All figures in Prometheus' text format, of all processes where there are several."""
        return scrape(self.registry, self._collectors)

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(name, told, labels, registry=self.registry)

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(name, told, labels, registry=self.registry, multiprocess_mode="livesum")

    def _seconds(self, name: str, told: str, *labels: str) -> Histogram:
        return Histogram(name, told, labels, registry=self.registry, buckets=SECONDS)
