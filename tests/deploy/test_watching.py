"""The dashboard and the rules speak of metrics that there are, and of parts of the docs."""

from __future__ import annotations

import json
import os
import re
from itertools import combinations
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from engines.onnx_engine import OnnxEngine
from serving.metrics import Metrics
from serving.scrape import Models, Processes
from tests.deploy.expressions import (
    DASHBOARD,
    ROOT,
    RULES,
    dashboard_expressions,
    metrics_of,
    rule_expressions,
)

SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    return json.loads(DASHBOARD.read_text())


@pytest.fixture(scope="module")
def rules() -> dict[str, Any]:
    return yaml.safe_load(RULES.read_text())


@pytest.fixture(scope="module")
def known(engine: OnnxEngine) -> set[str]:
    """The names of all series that a gateway can have."""
    registry: CollectorRegistry = Metrics().registry
    families = [*registry.collect(), *Models(engine).collect(), *Processes([os.getpid()]).collect()]
    return {family.name + end for family in families for end in SUFFIXES[family.type]}


def test_the_dashboard_asks_for_metrics_that_there_are(
    dashboard: dict[str, Any], rules: dict[str, Any], known: set[str]
) -> None:
    asked = metrics_of(dashboard_expressions(dashboard))
    recorded = {
        rule["record"] for group in rules["groups"] for rule in group["rules"] if "record" in rule
    }
    assert len(asked) > 20
    assert {name for name in asked if not name.startswith("nv_")} <= known | recorded


def test_the_rules_ask_for_metrics_that_there_are(rules: dict[str, Any], known: set[str]) -> None:
    asked = metrics_of(rule_expressions(rules))
    recorded = {
        rule["record"] for group in rules["groups"] for rule in group["rules"] if "record" in rule
    }
    assert len(asked) > 10
    assert {name for name in asked if not name.startswith("nv_")} <= known | recorded


def test_every_alert_has_a_part_of_the_docs(rules: dict[str, Any]) -> None:
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "operations.md").read_text(), re.M)
    anchors = {heading.lower().replace(" ", "-").replace("`", "") for heading in headings}
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    assert len(alerts) > 10
    for alert in alerts:
        file, _, anchor = alert["annotations"]["runbook"].partition("#")
        assert file == "docs/operations.md"
        assert anchor in anchors, alert["alert"]
        assert alert["labels"]["severity"] in ("page", "ticket")


def test_the_metrics_are_in_the_docs(known: set[str]) -> None:
    told = (ROOT / "docs" / "operations.md").read_text()
    families = {name for name in known if name.startswith("celmood_")}
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in families}
    assert {name for name in families if f"`{name}`" not in told} == set()


def test_panels_do_not_lie_on_each_other(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, two in combinations([panel["gridPos"] for panel in panels], 2):
        aside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        above = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
        assert aside or above
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in panels)
