"""Pictures in work are counted, and how many keep the cores busy."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from engines.company import cores_are_busy, in_work


@pytest.mark.parametrize(
    ("pictures", "cores", "busy"),
    [(0, 1, False), (1, 1, True), (1, 2, False), (2, 2, True), (8, 16, False), (9, 16, True)],
)
def test_pictures_on_more_than_half_of_the_cores_keep_them_busy(
    pictures: int, cores: int, busy: bool
) -> None:
    with ExitStack() as works:
        for _ in range(pictures):
            works.enter_context(in_work())
        assert cores_are_busy(cores) is busy
    assert not cores_are_busy(1)


def test_work_that_failed_is_not_counted_any_more() -> None:
    @in_work()
    def fail() -> None:
        assert cores_are_busy(1)
        raise KeyError

    for _ in range(2):
        with pytest.raises(KeyError):
            fail()
    assert not cores_are_busy(1)
