"""A real Triton that goes away, is frozen, slow or full, and the gateway and engine on it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest

from engines.cancel import Cancellation, working_under
from engines.priority import background
from engines.protocol import EngineBusyError, EngineCancelledError, EngineTimeoutError
from engines.triton_engine import TritonEngine
from serving.app import create_app
from serving.settings import Settings
from tests.integration.triton_calls import (
    LONG_S,
    counted,
    edit,
    engine_on,
    gateway_on,
    inputs,
    problem,
    regions,
    wait_until,
)
from tests.integration.triton_server import TritonServer
from tests.live import running

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_the_gateway_outlives_its_server(tiny: TritonServer) -> None:
    engine = TritonEngine(tiny.address)
    (host,) = engine._hosts
    with running(create_app(Settings(), engine)) as client:
        assert edit(client).status_code == 200
        for _ in range(2):
            tiny.kill()
            answer = edit(client)
            assert (answer.status_code, problem(answer)) == (503, "engine-unavailable")
            assert int(answer.headers["Retry-After"]) > 0
            wait_until(lambda: host.breaker.open, "the breaker opens")
            answer = edit(client)
            assert (answer.status_code, problem(answer)) == (503, "engine-unavailable")
            assert client.get("/readyz").status_code == 503
            assert client.get("/healthz").status_code == 200
            tiny.start()
            wait_until(lambda: client.get("/readyz").status_code == 200, "the gateway recovers")
            assert not host.breaker.open
            assert edit(client).status_code == 200


def test_a_server_that_is_stopped_ends_well(tiny: TritonServer) -> None:
    assert tiny.stop() == 0
    assert regions(f"triton_{tiny.port}_*") == []


def test_what_a_killed_server_left_is_removed(tiny: TritonServer) -> None:
    tiny.kill()
    left = set(regions(f"triton_{tiny.port}_*"))
    tiny.start()
    assert left
    assert not left & set(regions(f"triton_{tiny.port}_*"))


def test_a_frozen_server_meets_the_deadline(tiny: TritonServer) -> None:
    with gateway_on(tiny, timeout=1.0) as client:
        wait_until(lambda: edit(client).status_code == 200, "a first answer in time")
        tiny.freeze()
        answer = edit(client)
        assert (answer.status_code, problem(answer)) == (504, "timeout")
        tiny.thaw()
        wait_until(lambda: edit(client).status_code == 200, "it goes on")


def test_a_slow_model_meets_the_deadline(slow: TritonServer) -> None:
    with gateway_on(slow, timeout=0.4) as client:
        assert edit(client, model="slow").status_code == 504
        with engine_on(slow) as engine, pytest.raises(EngineTimeoutError):
            engine.run("slow", inputs(engine.cards()["slow"]), timeout=0.2)
    with engine_on(slow) as engine:  # leaves the server with nothing to do
        engine.run("slow", inputs(engine.cards()["slow"]), LONG_S)


def test_a_full_queue_is_refused_as_defined(slow: TritonServer) -> None:
    with engine_on(slow) as engine, gateway_on(slow) as client:
        feed = inputs(engine.cards()["slow"])
        refused = threading.Event()

        def call(_: int) -> int:
            """Keep the queue full until the gateway has been refused; how often this one was."""
            times = 0
            while not refused.is_set():
                try:
                    engine.run("slow", feed, timeout=LONG_S)
                except EngineBusyError:
                    times += 1
                    time.sleep(0.01)
            return times

        with ThreadPoolExecutor(8) as callers:
            calls = [callers.submit(call, i) for i in range(8)]
            answer = edit(client, model="slow")
            while answer.status_code not in (503, 504):
                answer = edit(client, model="slow")
            refused.set()
            assert (answer.status_code, problem(answer)) == (503, "busy")
            assert int(answer.headers["Retry-After"]) > 0
            assert sum(done.result() for done in calls) > 0


def test_people_go_before_the_background(slow: TritonServer) -> None:
    ended: list[str] = []
    with engine_on(slow) as engine, ThreadPoolExecutor(4) as callers:
        feed = inputs(engine.cards()["slow"])

        def call(who: str) -> None:
            with background() if who == "background" else nullcontext():
                engine.run("slow", feed, LONG_S)
            ended.append(who)

        calls = [callers.submit(call, "background") for _ in range(3)]
        wait_until(lambda: slow.waiting("slow") == 2, "one runs and two wait")
        calls.append(callers.submit(call, "somebody"))
        for done in calls:
            done.result()
    assert ended[-1] == "background"  # in turn, somebody would have been the last


def test_what_nobody_waits_for_is_not_computed(slow: TritonServer) -> None:
    with engine_on(slow) as engine, ThreadPoolExecutor(2) as callers:
        feed = inputs(engine.cards()["slow"])
        cancellation = Cancellation()
        before = slow.statistics("slow")

        def leave() -> None:
            with working_under(cancellation), pytest.raises(EngineCancelledError):
                engine.run("slow", feed, LONG_S)

        first = callers.submit(engine.run, "slow", feed, LONG_S)
        second = callers.submit(leave)
        wait_until(lambda: slow.waiting("slow") == 1, "one waits for the other")
        cancellation.cancel()
        second.result()
        first.result()
        wait_until(lambda: slow.waiting("slow") == 0, "none waits")
        engine.run("slow", feed, LONG_S)  # behind whatever was left
    assert counted(slow, "slow", before, 2)["inferences"] == 2
