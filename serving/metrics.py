"""What Prometheus reads: seconds per stage, requests per route and outcome, work that waits."""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The gateway's figures, in a registry of their own, so that two gateways do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.stages = Histogram(
            "celmood_stage_seconds",
            "Seconds in one stage of the pipeline",
            ["stage"],
            registry=self.registry,
            buckets=_BUCKETS,
        )
        self.requests = Counter(
            "celmood_requests",
            "Requests by route template, method and outcome: ok, or the problem's type",
            ["route", "method", "outcome"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "celmood_request_seconds",
            "Seconds from a request's head to the end of its answer",
            ["route", "method"],
            registry=self.registry,
            buckets=_BUCKETS,
        )
        self.under_way = Gauge(
            "celmood_requests_under_way",
            "Requests that have come and are not answered",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.waiting = Gauge(
            "celmood_waiting_requests",
            "Requests that wait for a worker",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.waited = Histogram(
            "celmood_wait_seconds",
            "Seconds that accepted work waited for a worker",
            registry=self.registry,
            buckets=_BUCKETS,
        )
        self.cost = Gauge(
            "celmood_work_units",
            "Work that is accepted and not done, a face or a million pixels each one unit",
            ["state"],
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.refused = Counter(
            "celmood_refused",
            "Requests refused by admission, by reason",
            ["reason"],
            registry=self.registry,
        )

    def observe_stage(self, stage: str, seconds: float) -> None:
        self.stages.labels(stage).observe(seconds)

    def text(self) -> bytes:
        """All figures in Prometheus' text format, of all processes where there are several."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
