"""Triton's words: what it says in each case, and in no other."""

from __future__ import annotations

import pytest

from engines import triton_words
from engines.triton_words import says

TOLD = {  # Triton 24.10
    "QUEUE_FULL": "in ensemble 'x', [request id: <id_unknown>] Exceeds maximum queue size",
    "QUEUE_EXPIRED": "[request id: <id_unknown>] Request timeout expired",
    "REGION_UNKNOWN": "Unable to find shared memory region: 'celmood_1_2_ab'",
    "REGION_IN_USE": "Cannot unregister 'celmood_1_2_ab', it is currently in use.",
    "UNLOADED": "unloaded",
    "": "failed to connect to all addresses; last error: Connection refused",
}


@pytest.mark.parametrize("case", TOLD)
def test_each_case_is_known_by_its_words_alone(case: str) -> None:
    words = {name: getattr(triton_words, name) for name in TOLD if name}
    assert [name for name, own in words.items() if says(TOLD[case], own)] == (
        [case] if case else []
    )
