"""What a server that traces is started with."""

from __future__ import annotations

import pytest

from deploy.triton import traces


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--trace-config=rate=0", "--trace-config=mode=opentelemetry"], True),
        (["--trace-config", "mode=opentelemetry"], True),
        (["--trace-config=mode=triton", "--trace-config=triton,file=/tmp/trace"], False),
        ([], False),
    ],
)
def test_only_traces_that_go_on_need_it(options: list[str], wanted: bool) -> None:
    assert traces.wanted(options) == wanted


def test_memory_is_zeroed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "find_library", lambda name: f"lib{name}.so.2")
    assert traces.zeroed({"PATH": "/bin"}) == {
        "PATH": "/bin",
        "LD_PRELOAD": "libjemalloc.so.2",
        "MALLOC_CONF": "zero:true",
    }


def test_what_was_set_before_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "find_library", lambda name: f"lib{name}.so.2")
    given = {"LD_PRELOAD": "/mine.so", "MALLOC_CONF": "narenas:1"}
    assert traces.zeroed(given) == {
        "LD_PRELOAD": "/mine.so:libjemalloc.so.2",
        "MALLOC_CONF": "narenas:1,zero:true",
    }


def test_a_machine_without_jemalloc_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(traces, "find_library", lambda name: None)
    assert traces.zeroed({"PATH": "/bin"}) == {"PATH": "/bin"}
    assert "apt-get install libjemalloc2" in capsys.readouterr().err
