from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from serving.metrics import Metrics
from tests.serving.figures import read, value


def used() -> Metrics:
    """Figures of which each has been counted once."""
    metrics = Metrics()
    metrics.observe_request("/v1/faces", "POST", 200, "ok", 0.3)
    metrics.observe_stage("decode", 0.002)
    metrics.observe_run("finder", 3, 0.04)
    metrics.observe_failure("finder", "timeout")
    metrics.refused.labels("queue").inc()
    metrics.cost.labels("running").set(2.5)
    metrics.waited.observe(0.01)
    return metrics


def test_a_request_is_counted_and_timed() -> None:
    text = used().text()
    here = {"route": "/v1/faces", "method": "POST", "status": "200"}
    assert value(text, "celmood_requests_total", **here, outcome="ok") == 1
    assert value(text, "celmood_request_seconds_sum", **here) == 0.3
    assert value(text, "celmood_request_seconds_bucket", **here, le="0.25") == 0
    assert value(text, "celmood_request_seconds_bucket", **here, le="0.5") == 1


def test_a_run_is_timed_sized_and_its_failure_has_a_kind() -> None:
    text = used().text()
    assert value(text, "celmood_engine_run_seconds_count", model="finder") == 1
    assert value(text, "celmood_engine_batch_size_bucket", model="finder", le="2.0") == 0
    assert value(text, "celmood_engine_batch_size_bucket", model="finder", le="4.0") == 1
    assert value(text, "celmood_engine_errors_total", model="finder", kind="timeout") == 1


def test_what_admission_tells() -> None:
    text = used().text()
    assert value(text, "celmood_refused_total", reason="queue") == 1
    assert value(text, "celmood_work_units", state="running") == 2.5
    assert value(text, "celmood_stage_seconds_count", stage="decode") == 1


def test_names_follow_prometheus_rules() -> None:
    families = list(text_string_to_metric_families(used().text().decode()))
    ours = [family for family in families if family.name.startswith("celmood_")]
    assert len(ours) > 10
    for family in ours:
        assert re.fullmatch(r"celmood_[a-z_]+[a-z]", family.name)
        assert family.documentation
        if family.type == "histogram":
            assert family.name.endswith(("_seconds", "_size"))
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter")
            assert not sample.name.endswith("_created")


def test_two_gateways_do_not_mix() -> None:
    used()
    assert ("celmood_refused_total", frozenset({("reason", "queue")})) not in read(Metrics().text())
