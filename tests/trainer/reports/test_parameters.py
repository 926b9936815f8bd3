"""The section on single parameters."""

from __future__ import annotations

import pytest

from trainer.metrics.parameters import WAYS, Obeyed, Singles
from trainer.reports.parameters import section


def _found(seen: dict[tuple[str, float], Obeyed]) -> Singles:
    found = Singles()
    for way in WAYS:
        found.ways[way] = seen.get((way.name, way.end), Obeyed(hidden=4))
    return found


def test_a_row_for_each_way_that_could_be_seen() -> None:
    told = section(
        _found(
            {
                ("gaze_x", -1): Obeyed(4, 0, shares=1.0, change=4, true_change=3),
                ("blush", 1): Obeyed(2, 2, shares=1.5, change=0, true_change=2),
            }
        )
    )
    assert "| gaze_x | -1 | 4 | 0 | 25.0 % | 100.0 % | 75.0 % |" in told.text
    assert "| blush | 1 | 2 | 2 | 75.0 % | 0.0 % | 100.0 % |" in told.text
    assert "| tongue |" not in told.text
    hidden = told.text.split("Hidden with every character:")[1]
    assert "tongue to 1" in hidden
    assert "blush" not in hidden
    assert told.figures["parameter_error_share"] == pytest.approx(0.5)
    assert told.figures["parameter_change_rises"] == pytest.approx(4 / 6)
    rows = {(row["parameter"], row["to"]): row for row in told.content["rows"]}
    assert len(rows) == len(WAYS)
    assert rows["blush", 1]["error_share"] == 0.75
    assert rows["tongue", 1] == {
        "parameter": "tongue", "to": 1, "drawn": 0, "hidden": 4, "error_share": None,
        "change_rises": 0, "true_change_rises": 0,
    }  # fmt: skip


def test_where_nothing_could_be_seen_there_are_no_figures() -> None:
    told = section(_found({}))
    assert told.figures == {}
    assert "nan" not in told.text


def test_where_everything_was_seen_nothing_is_hidden() -> None:
    every = {(way.name, way.end): Obeyed(1, 0, 0.5, 1, 1) for way in WAYS}
    assert "Hidden with every" not in section(_found(every)).text
