"""The PromQL of the dashboard and of the rules, and which metrics it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
DASHBOARD: Final = ROOT / "deploy" / "grafana" / "celmood.json"
RULES: Final = ROOT / "deploy" / "prometheus" / "celmood.rules.yml"

_VARIABLES: Final = {"$__rate_interval": "5m", "$job": "celmood", "$triton": "triton"}
_METRIC: Final = re.compile(r"\b(?:celmood|process|nv)[a-z_0-9:]*\b(?=[{\[)\s/]|$)")
_QUOTED: Final = re.compile(r'"[^"]*"')


def dashboard_expressions(dashboard: dict[str, Any]) -> list[str]:
    """What the panels ask."""
    return [
        target["expr"]
        for panel in dashboard["panels"]
        if panel["type"] != "row"
        for target in panel["targets"]
    ]


def rule_expressions(rules: dict[str, Any]) -> list[str]:
    """What rules record and what alerts look at."""
    return [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


def plain(expression: str) -> str:
    """The expression with the dashboard's variables filled in."""
    for name, value in _VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def metrics_of(expressions: Iterable[str]) -> set[str]:
    """The names of metrics in `expressions`."""
    bare = (_QUOTED.sub("", plain(expression)) for expression in expressions)
    return {name for expression in bare for name in _METRIC.findall(expression)}
