"""A caller of `/v1/batches` on a gateway elsewhere: sends lines, reads what becomes of them."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import httpx

from tests.pictures import encoded, scene

NDJSON = {"Content-Type": "application/x-ndjson"}
LINES = 96
"""Enough that a gateway can be ended in the middle of them."""

_PATIENCE_S = 90.0
_LINE = json.dumps({"image": base64.b64encode(encoded(scene())).decode(), "expression": "sad"})


def send(url: str, lines: int = LINES, key: str | None = None) -> httpx.Response:
    """Ask for a batch of edits of one picture."""
    headers = NDJSON | ({} if key is None else {"Idempotency-Key": key})
    content = "\n".join([_LINE] * lines)
    return httpx.post(f"{url}/v1/batches", content=content, headers=headers, timeout=_PATIENCE_S)


def sent(url: str) -> str:
    """The place of a batch that was accepted."""
    answer = send(url)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["Location"])


def results(url: str, place: str, most: int | None = None) -> list[dict[str, Any]]:
    """Results as they come, all of them or the first few."""
    accept = {"Accept": "application/x-ndjson"}
    found: list[dict[str, Any]] = []
    with httpx.stream("GET", url + place, headers=accept, timeout=_PATIENCE_S) as response:
        for line in response.iter_lines():
            found.append(json.loads(line))
            if len(found) == most:
                break
    return found


def begun(url: str, place: str) -> None:
    """Return when some of the batch's lines have their result."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        counts = httpx.get(url + place, params={"limit": 0}, timeout=_PATIENCE_S).json()["counts"]
        if counts["succeeded"]:
            return
        time.sleep(0.02)
    raise AssertionError(f"{place}: no result within {_PATIENCE_S:g} s")


def check(found: list[dict[str, Any]]) -> None:
    """Every line has one result, and it is an answer."""
    assert sorted(result["line"] for result in found) == list(range(1, LINES + 1))
    assert {result["status"] for result in found} == {200}
