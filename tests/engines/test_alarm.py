"""Alarms: called when it is time, in order, and never after the block."""

from __future__ import annotations

import threading
import time

import pytest

from engines.alarm import Alarm


def test_what_is_due_is_called_once_and_the_earlier_first() -> None:
    alarm, calls, both = Alarm(), [], threading.Event()

    def second() -> None:
        calls.append("second")
        both.set()

    with alarm.calling(0.1, second), alarm.calling(0.02, lambda: calls.append("first")):
        assert both.wait(10)
    assert calls == ["first", "second"]


def test_a_block_that_has_ended_is_not_called() -> None:
    alarm, calls, later = Alarm(), [], threading.Event()
    with alarm.calling(0.05, lambda: calls.append("ended")):
        pass
    with alarm.calling(0.15, later.set):
        assert later.wait(10)
    assert calls == []


def test_an_earlier_one_does_not_wait_for_a_later_one() -> None:
    alarm, rung = Alarm(), threading.Event()
    with alarm.calling(3600, lambda: None):
        start = time.monotonic()
        with alarm.calling(0.01, rung.set):
            assert rung.wait(60)
        assert time.monotonic() - start < 60


def test_one_thread_serves_all_and_nothing_is_kept() -> None:
    alarm, before = Alarm(), threading.active_count()
    for _ in range(50):
        with alarm.calling(3600, lambda: None), alarm.calling(1800, lambda: None):
            assert threading.active_count() <= before + 1
    assert alarm._due == []
    assert alarm._calls == {}


def test_calls_that_end_in_time_do_not_wake_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm, rung = Alarm(), threading.Event()
    with alarm.calling(3600, lambda: None):
        pass
    wakes = 0
    notify = alarm._changed.notify

    def counted() -> None:
        nonlocal wakes
        wakes += 1
        notify()

    monkeypatch.setattr(alarm._changed, "notify", counted)
    for _ in range(10):
        with alarm.calling(3600, lambda: None):
            pass
    assert wakes <= 1  # the thread may have slept without an end
    with alarm.calling(0.01, rung.set):
        assert rung.wait(60)
