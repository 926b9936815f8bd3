from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving import logs, tracing
from tests.pictures import encoded, scene

ROOT = Path(__file__).parents[2]
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    """Logging as it was, after the test."""
    root, ours = logging.getLogger(), logging.getLogger("celmood.access")
    handlers, level, own = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(own)
    logging.captureWarnings(False)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was logged, a line each."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_of_json_has_time_level_and_the_ids(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", access=False)
    with tracing.joined({"traceparent": PARENT}), logs.naming("job-7"):
        logging.getLogger("celmood").warning("look at %s", "this")
    logging.getLogger("elsewhere").error("later")
    first, second = lines(capsys)
    assert datetime.fromisoformat(first.pop("time")).utcoffset() is not None
    assert first == {
        "level": "WARNING",
        "logger": "celmood",
        "message": "look at this",
        "request_id": "job-7",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "b7ad6b7169203331",
    }
    assert second.keys() == {"time", "level", "logger", "message"}


def test_an_exception_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", access=False)
    try:
        raise KeyError("why")
    except KeyError:
        logging.getLogger("celmood").exception("it failed")
    (line,) = lines(capsys)
    assert line["message"] == "it failed"
    assert "KeyError: 'why'" in line["exception"]


def test_the_access_log_is_there_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    told = ("POST", "/v1/faces", 200, "ok", 0.25, 1234)
    logs.configure("json", access=False)
    logs.access(*told)
    assert lines(capsys) == []
    logs.configure("json", access=True)
    logs.access(*told)
    (line,) = lines(capsys)
    facts = ("method", "route", "status", "outcome", "seconds", "sent")
    assert tuple(line[fact] for fact in facts) == told


def test_probes_are_logged_when_something_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", access=True)
    logs.access("GET", "/readyz", 200, "ok", 0.001, 20)
    logs.access("GET", "/readyz", 503, "not-ready", 0.001, 20)
    (line,) = lines(capsys)
    assert line["status"] == 503


def test_text_is_for_people_and_warnings_are_logged_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("text", access=True)
    logs.access("GET", "/v1/models", 200, "ok", 0.001, 20)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("careful", stacklevel=1)
    told = capsys.readouterr().err
    assert "INFO celmood.access GET /v1/models 200 ok in 0.001 s, 20 bytes" in told
    assert "careful" in told


@pytest.mark.parametrize("processes", ["1", "2"])
def test_the_gateways_log_tells_who_and_what_but_no_picture_key_or_path(
    model_repository: Path, processes: str
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "serving", "--port", "0", "--workers", processes],
        cwd=ROOT,
        env=os.environ
        | {
            "CELMOOD_MODEL_REPOSITORY": str(model_repository),
            "CELMOOD_DRAIN_NOTICE": "0",
            "CELMOOD_LOG": "json",
            "CELMOOD_ACCESS_LOG": "true",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().rpartition(" ")[2].strip()
    headers = {"X-Request-Id": "job-7", "Authorization": "Bearer the-secret"}
    files = {"image": ("the-name.png", encoded(scene()))}
    httpx.post(f"{url}/v1/faces?key=the-query", files=files, headers=headers)
    httpx.get(f"{url}/the-path", headers={"X-Request-Id": "job-8"})
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    parsed = [json.loads(line) for line in told.splitlines()]
    requests = {line["request_id"]: line for line in parsed if line["logger"] == "celmood.access"}
    assert (requests["job-7"]["route"], requests["job-7"]["status"]) == ("/v1/faces", 200)
    assert (requests["job-8"]["route"], requests["job-8"]["outcome"]) == ("unmatched", "not-found")
    for secret in ("the-secret", "the-query", "the-path", "the-name", "IHDR"):
        assert secret not in told
