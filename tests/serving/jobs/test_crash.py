"""Batches of real gateways that are killed: nothing accepted is lost, nothing comes twice."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.pictures import encoded, scene

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
NDJSON = {"Content-Type": "application/x-ndjson"}
IMAGE = base64.b64encode(encoded(scene())).decode()
LINES = 24


@contextmanager
def gateway(repository: Path, batches: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    own = {
        "CELMOOD_MODEL_REPOSITORY": str(repository),
        "CELMOOD_BATCHES": str(batches),
        "CELMOOD_BATCH_LEASE": "2",
        "CELMOOD_DRAIN_NOTICE": "0",
    }
    others = {k: v for k, v in os.environ.items() if not k.startswith("CELMOOD_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "serving", "--port", "0"],
        cwd=ROOT,
        env=others | own,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with process:
            assert process.stdout is not None
            match = re.fullmatch(r"celmood listening on (\S+)\n", process.stdout.readline())
            assert match
            yield process, match[1]
            process.kill()
    finally:
        process.kill()


def send(url: str, lines: int = LINES, key: str | None = None) -> httpx.Response:
    line = json.dumps({"image": IMAGE, "expression": "sad"})
    headers = NDJSON | ({} if key is None else {"Idempotency-Key": key})
    return httpx.post(f"{url}/v1/batches", content="\n".join([line] * lines), headers=headers)


def results(url: str, place: str, most: int | None = None) -> list[dict[str, Any]]:
    """Results as they come, all of them or the first few."""
    accept = {"Accept": "application/x-ndjson"}
    found: list[dict[str, Any]] = []
    with httpx.stream("GET", url + place, headers=accept, timeout=60) as response:
        for line in response.iter_lines():
            found.append(json.loads(line))
            if len(found) == most:
                break
    return found


def check(found: list[dict[str, Any]]) -> None:
    """Every line has one result, and it is an answer."""
    assert [result["position"] for result in found] == list(range(1, LINES + 1))
    assert sorted(result["line"] for result in found) == list(range(1, LINES + 1))
    assert {result["status"] for result in found} == {200}


def test_a_killed_gateway_goes_on_where_it_was(model_repository: Path, tmp_path: Path) -> None:
    with gateway(model_repository, tmp_path) as (process, url):
        place = send(url).headers["Location"]
        before = results(url, place, most=3)
        process.kill()
    with gateway(model_repository, tmp_path) as (process, url):
        results(url, place, most=8)
        process.kill()
    with gateway(model_repository, tmp_path) as (_, url):
        found = results(url, place)
        check(found)
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
        place = send(url).headers["Location"]
        results(url, place, most=1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    with gateway(model_repository, tmp_path) as (_, url):
        state = httpx.get(url + place, params={"limit": 0}).json()
        assert state["counts"]["succeeded"] < LINES
        check(results(url, place))


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
        check(results(two, place))
        assert send(two, key="k").headers["Location"] == place
