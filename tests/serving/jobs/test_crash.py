"""Batches of real gateways that are killed: nothing accepted is lost, nothing comes twice."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.batches import LINES, check, results, send, sent
from tests.gateway import started

pytestmark = pytest.mark.slow


@contextmanager
def gateway(repository: Path, batches: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    own = {
        "CELMOOD_MODEL_REPOSITORY": str(repository),
        "CELMOOD_BATCHES": str(batches),
        "CELMOOD_BATCH_LEASE": "2",
        "CELMOOD_DRAIN_NOTICE": "0",
    }
    with started(**own) as running:
        yield running


def check_in_turn(found: list[dict[str, Any]]) -> None:
    """Every line has one answer, and they come in the order of their positions."""
    check(found)
    assert [result["position"] for result in found] == list(range(1, LINES + 1))


def test_a_killed_gateway_goes_on_where_it_was(model_repository: Path, tmp_path: Path) -> None:
    with gateway(model_repository, tmp_path) as (process, url):
        place = sent(url)
        before = results(url, place, most=3)
        process.kill()
    with gateway(model_repository, tmp_path) as (process, url):
        results(url, place, most=8)
        process.kill()
    with gateway(model_repository, tmp_path) as (_, url):
        found = results(url, place)
        check_in_turn(found)
        assert found[:3] == before
        assert httpx.get(url + place, params={"limit": 0}).json()["status"] == "completed"


def test_what_was_answered_is_kept_and_what_was_not_leaves_nothing(
    model_repository: Path, tmp_path: Path
) -> None:
    """Killed while batches come in: an id that was told is known afterwards."""
    told: list[str] = []
    with gateway(model_repository, tmp_path) as (process, url):

        def bring() -> None:
            try:
                while True:
                    answer = send(url, 3)
                    assert answer.status_code == 202
                    told.append(answer.headers["Location"])
            except httpx.TransportError:
                pass

        threads = [threading.Thread(target=bring) for _ in range(2)]
        for thread in threads:
            thread.start()
        while len(told) < 6:
            threads[0].join(0.01)
        process.kill()
        for thread in threads:
            thread.join(30)
    with gateway(model_repository, tmp_path) as (_, url):
        for place in told:
            counts = httpx.get(url + place, params={"limit": 0}).json()["counts"]
            assert counts["total"] == 3


def test_sigterm_ends_lines_in_work_and_leaves_the_others(
    model_repository: Path, tmp_path: Path
) -> None:
    with gateway(model_repository, tmp_path) as (process, url):
        place = sent(url)
        results(url, place, most=1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    with gateway(model_repository, tmp_path) as (_, url):
        state = httpx.get(url + place, params={"limit": 0}).json()
        assert state["counts"]["succeeded"] < LINES
        check_in_turn(results(url, place))


def test_two_gateways_share_the_work_and_one_may_die(
    model_repository: Path, tmp_path: Path
) -> None:
    with (
        gateway(model_repository, tmp_path) as (dying, one),
        gateway(model_repository, tmp_path) as (_, two),
    ):
        place = send(one, key="k").headers["Location"]
        results(two, place, most=2)
        dying.kill()
        dying.wait(10)
        check_in_turn(results(two, place))
        assert send(two, key="k").headers["Location"] == place
