"""The section on intensity."""

from __future__ import annotations

import pytest

from trainer.metrics.intensity import Intensities, Rises
from trainer.reports.intensity import section


def _found(judged: bool) -> Intensities:
    found = Intensities(judged)
    found.rises["happy"] = Rises(4, score=2, true_score=3, change=4, at_rest=0.04)
    found.rises["sad"] = Rises(4, score=1, true_score=4, change=2, at_rest=0.0)
    return found


def test_shares_by_expression_and_over_all() -> None:
    told = section(_found(True))
    assert "| happy | 50.0 % | 75.0 % | 100.0 % | 2.55 |" in told.text
    assert told.figures["score_rises"] == pytest.approx(3 / 8)
    assert told.figures["true_score_rises"] == pytest.approx(7 / 8)
    assert told.figures["change_rises"] == pytest.approx(6 / 8)
    assert told.content["sad"]["true_score_rises"] == 4


def test_without_a_judge_only_the_change_is_told() -> None:
    told = section(_found(False))
    assert set(told.figures) == {"change_rises"}
    assert "| sad |  |  | 50.0 % | 0.00 |" in told.text
    assert "score_rises" not in told.content["sad"]
