"""`--workers N`: processes on one socket, with the figures of all."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.processes import server_options
from serving.settings import Settings
from tests.pictures import encoded, scene

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CELMOOD_")}
    return subprocess.Popen(
        [sys.executable, "-m", "serving", "--port", "0", "--workers", "2", *arguments],
        cwd=ROOT,
        env=kept | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def children(pid: int) -> set[int]:
    """The gateway's processes: those that python has spawned, without its tracker of resources."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {
        int(child)
        for child in found
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    }


def total(url: str, name: str) -> float:
    text = httpx.get(f"{url}/metrics", timeout=PATIENCE_S).text
    samples = (s for family in text_string_to_metric_families(text) for s in family.samples)
    return sum(sample.value for sample in samples if sample.name == name)


def test_answers_that_are_being_sent_have_the_grace_too() -> None:
    assert server_options(Settings(drain_grace=12.5))["timeout_graceful_shutdown"] == 13


def test_a_connection_is_kept_longer_than_proxies_keep_it() -> None:
    assert server_options(Settings())["timeout_keep_alive"] > 60
    assert server_options(Settings(keep_alive=620))["timeout_keep_alive"] == 620


@pytest.mark.slow
def test_figures_are_those_of_all_processes_and_a_dead_one_comes_back(
    model_repository: Path,
) -> None:
    files = {"image": encoded(scene())}
    with start("--model-repository", str(model_repository)) as process:
        try:
            assert process.stdout is not None
            match = re.fullmatch(r"celmood listening on (http://\S+)\n", process.stdout.readline())
            assert match
            url = match[1]
            for _ in range(8):  # each over a new connection, to whichever process takes it
                assert httpx.post(f"{url}/v1/faces", files=files, timeout=60).status_code == 200
            for _ in range(4):  # whichever answers knows of all
                assert total(url, "celmood_wait_seconds_count") == 8
                assert total(url, "celmood_requests_under_way") == 1
            first = children(process.pid)
            assert len(first) == 2
            os.kill(min(first), signal.SIGKILL)
            until = time.monotonic() + PATIENCE_S
            while len(children(process.pid) - first) != 1:
                assert time.monotonic() < until, "no other process was started"
                time.sleep(0.05)
            assert httpx.get(f"{url}/readyz", timeout=PATIENCE_S).status_code == 200
            assert total(url, "celmood_wait_seconds_count") == 8  # what was counted stays
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()


@pytest.mark.slow
def test_what_cannot_start_is_said_and_ends_them_all(
    model_repository: Path, tmp_path: Path
) -> None:
    nowhere = {"FINDER": "lbp", "CELMOOD_ASSETS": "", "CELMOOD_CACHE": str(tmp_path)}
    broken = tmp_path / "lbpcascade_animeface.xml"
    broken.write_text("no cascade")
    with start(
        "--model-repository",
        str(model_repository),
        **nowhere,
        http_proxy="http://127.0.0.1:9",
        https_proxy="http://127.0.0.1:9",
    ) as process:
        try:
            _, errors = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
    assert process.returncode == 2
    assert "celmood: " in errors


@pytest.mark.slow
def test_rates_are_those_of_all_processes(model_repository: Path) -> None:
    repository = ("--model-repository", str(model_repository))
    with start(*repository, CELMOOD_RATE="5/hour") as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            answers = [  # each over a new connection, to whichever process takes it
                httpx.get(f"{url}/v1/models", timeout=PATIENCE_S) for _ in range(20)
            ]
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 15
    left = [answer.headers["RateLimit"].split(";")[1] for answer in answers]
    assert left == ["r=4", "r=3", "r=2", "r=1"] + ["r=0"] * 16
