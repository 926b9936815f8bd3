"""The confusion table."""

from __future__ import annotations

import pytest

from trainer.metrics.confusion import Confusion


def test_rows_are_asked_and_columns_seen() -> None:
    table = Confusion(["happy", "sad"])
    table.add(["happy"] * 4 + ["sad"] * 2, ["happy", "happy", "happy", "sad", "smug", "sad"])
    assert table.counts.tolist() == [[3, 1, 0], [0, 1, 1]]
    assert table.percent().tolist() == [[75, 25, 0], [0, 50, 50]]
    assert table.diagonal() == {"happy": 75, "sad": 50}
    assert table.accuracy() == pytest.approx(62.5)


def test_an_unknown_question_is_an_error() -> None:
    with pytest.raises(ValueError, match="smug"):
        Confusion(["happy"]).add(["smug"], ["happy"])


def test_a_row_without_pictures_does_not_count() -> None:
    table = Confusion(["happy", "sad"])
    table.add(["happy"], ["happy"])
    assert table.accuracy() == 100.0
