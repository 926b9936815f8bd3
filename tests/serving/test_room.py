from __future__ import annotations

from contextlib import ExitStack

from serving.room import FULL, SHARE, Room


def test_a_caller_may_take_its_share_and_all_together_the_whole() -> None:
    room = Room(100, share=0.5)
    with ExitStack() as held:
        for amount in (30, 20):
            assert room.refusal("a", amount) is None
            held.enter_context(room.held("a", amount))
        assert room.refusal("a", 1) == SHARE
        assert room.refusal("b", 50) is None
        held.enter_context(room.held("b", 50))
        assert room.refusal("c", 1) == FULL
    assert room.used == 0
    assert room.refusal("a", 30) is None


def test_what_is_larger_than_a_share_or_than_the_room_comes_alone() -> None:
    room = Room(100, share=0.5)
    assert room.refusal("a", 300) is None
    with room.held("b", 10):
        assert room.refusal("a", 300) == FULL
        assert room.refusal("a", 90) is None
