from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.deploy.expressions import (
    DASHBOARD,
    RULES,
    dashboard_expressions,
    metrics_of,
    plain,
    rule_expressions,
)
from tests.gateway import started
from tests.integration.prometheus_server import FOLDER, PrometheusServer, promtool
from tests.integration.triton_server import TritonServer
from tests.pictures import encoded, scene

pytestmark = pytest.mark.integration

EDITS = 5


def test_the_shipped_files_are_what_prometheus_takes() -> None:
    assert "SUCCESS" in promtool("check", "config", FOLDER / "prometheus.yml")


def test_the_alerts_do_what_their_tests_say() -> None:
    assert "SUCCESS" in promtool("test", "rules", FOLDER / "celmood.rules.test.yml")


def test_an_alert_that_never_comes_would_be_seen(tmp_path: Path) -> None:
    rules = (FOLDER / "celmood.rules.yml").read_text().replace("> 0.05", "> 0.95")
    (tmp_path / "celmood.rules.yml").write_text(rules)
    (tmp_path / "tests.yml").write_text((FOLDER / "celmood.rules.test.yml").read_text())
    with pytest.raises(AssertionError, match="CelmoodOverloaded"):
        promtool("test", "rules", tmp_path / "tests.yml")


def test_every_expression_of_the_dashboard_can_be_read(tmp_path: Path) -> None:
    expressions = dashboard_expressions(json.loads(DASHBOARD.read_text()))
    rules = [
        {"record": f"panel:{i}", "expr": plain(expression)}
        for i, expression in enumerate(expressions)
    ]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


@pytest.fixture
def gateway(model_repository: Path) -> Iterator[str]:
    """Two processes on one socket."""
    own = {"CELMOOD_MODEL_REPOSITORY": str(model_repository), "CELMOOD_DRAIN_NOTICE": "0"}
    with started("--workers", "2", **own) as (process, url):
        yield url
        process.terminate()
        process.wait(30)


def test_prometheus_scrapes_several_processes_as_one_gateway(gateway: str, tmp_path: Path) -> None:
    picture = encoded(scene())
    address = gateway.removeprefix("http://")

    def edit() -> None:
        """Several edits with a connection each, so that both processes may get some."""
        for _ in range(EDITS):
            answer = httpx.post(
                f"{gateway}/v1/expressions",
                files={"image": picture},
                data={"expression": "happy"},
                timeout=30,
            )
            assert answer.status_code == 200

    with PrometheusServer(tmp_path, {"celmood": address}) as prometheus:
        edit()
        assert httpx.post(f"{gateway}/v1/faces", files={"image": b"none"}).status_code == 415
        done = 'sum by (job) (celmood_requests_total{route="/v1/expressions",outcome="ok"})'
        prometheus.wait_for(f"{done} == {EDITS}")
        edit()
        prometheus.wait_for(f"{done} == {2 * EDITS}")

        assert list(prometheus.ask('up{job="celmood"}').values()) == [1]
        wrong = 'celmood_requests_total{route="/v1/faces",outcome="not-a-picture",status="415"}'
        assert list(prometheus.ask(wrong).values()) == [1]
        stages = prometheus.ask("sum by (stage) (celmood_stage_seconds_count)")
        assert set(stages.values()) == {2 * EDITS, 2 * EDITS + 1}  # one was only looked at
        assert list(prometheus.ask("sum(celmood_work_units)").values()) == [0]
        models = {dict(labels)["model"] for labels in prometheus.ask("celmood_model_info")}
        assert models == {"expression", "finder"}
        runs = prometheus.ask('celmood_engine_run_seconds_count{model="expression"}')
        assert list(runs.values()) == [2 * EDITS]

        prometheus.wait_for("celmood:edits_slow:ratio_rate5m >= 0")
        rules = prometheus.client.get("/rules").json()["data"]["groups"]
        health = {rule["name"]: rule["health"] for group in rules for rule in group["rules"]}
        assert set(health.values()) == {"ok"}
        assert prometheus.ask('ALERTS{alertstate="firing"}') == {}


def test_what_is_asked_of_triton_is_what_it_tells(tiny: TritonServer, tmp_path: Path) -> None:
    asked = dashboard_expressions(json.loads(DASHBOARD.read_text()))
    asked += rule_expressions(yaml.safe_load(RULES.read_text()))
    wanted = {name for name in metrics_of(asked) if name.startswith("nv_")}
    without_gpu = {name for name in wanted if not name.startswith("nv_gpu_")}
    assert len(without_gpu) >= 5
    targets = {"triton": f"127.0.0.1:{tiny.metrics_port}"}
    with PrometheusServer(tmp_path, targets) as prometheus:
        prometheus.wait_for('nv_inference_request_success{job="triton"}')
        told = prometheus.client.get("/label/__name__/values").json()["data"]
    assert without_gpu <= set(told)
