from __future__ import annotations

from dataclasses import asdict

import pytest

from serving.jobs.rules import batch_of, check_arriving, check_room, check_same
from serving.jobs.store import Batch, KeyReusedError, StoreFullError, StoreUnavailableError


def test_a_row_with_more_columns_is_a_batch() -> None:
    batch = Batch("a", "me", "open", 1.0, 2.0, None, total=3, answered=2, failed=1, running=0)
    assert batch_of({**asdict(batch), "webhook": "https://here/"}) == batch


def test_new_batches_may_fill_half() -> None:
    check_room(500, 1000)
    with pytest.raises(StoreFullError):
        check_room(501, 1000)


def test_a_batch_that_is_not_arriving_any_more() -> None:
    check_arriving(1)
    with pytest.raises(StoreUnavailableError, match="send it again"):
        check_arriving(0)


def test_a_key_is_for_the_same_lines() -> None:
    check_same("digest", "digest")
    with pytest.raises(KeyReusedError):
        check_same("digest", "other")
