"""Batches that are brought while something goes wrong, and what became of their lines."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any, Final

import httpx

from benchmarks.faults.callers import PATIENCE_S, Picture
from benchmarks.faults.tally import Tally, png_size, problem_of

_NDJSON: Final = "application/x-ndjson"


async def bring(
    client: httpx.AsyncClient, picture: Picture, lines: int, tally: Tally
) -> str | None:
    """Send a batch of `lines` edits of the picture; its address if it was accepted."""
    image = base64.b64encode(picture.data).decode()
    body = "\n".join([json.dumps({"image": image, "expression": "sad"})] * lines)
    answer = await client.post("/v1/batches", content=body, headers={"Content-Type": _NDJSON})
    if answer.status_code == httpx.codes.ACCEPTED:
        return answer.headers["Location"]
    if problem_of(answer) in ("no-space", "busy", "closing"):
        tally.refused += lines
    else:
        tally.lost += [f"{answer.status_code} {problem_of(answer)}"] * lines
    return None


async def collect(client: httpx.AsyncClient, place: str, picture: Picture, tally: Tally) -> None:
    """Wait for the results of an accepted batch, and count its lines: one result for each."""
    found = [json.loads(line) async for line in _results(client, place)]
    counts = (await client.get(place, params={"limit": 0})).json()["counts"]
    times = Counter(result["line"] for result in found)
    for line in range(1, counts["total"] + 1):
        if times[line] != 1:
            tally.lost.append(f"a line has {times[line]} results")
    for result in found:
        if _is_answer(result, picture):
            tally.answered += 1
        else:
            tally.lost.append(f"a result of status {result['status']}")


async def _results(client: httpx.AsyncClient, place: str) -> AsyncGenerator[str, None]:
    async with client.stream(
        "GET", place, headers={"Accept": _NDJSON}, timeout=PATIENCE_S
    ) as answer:
        async for line in answer.aiter_lines():
            yield line


def _is_answer(result: dict[str, Any], picture: Picture) -> bool:
    if result["status"] != httpx.codes.OK:
        return False
    return png_size(base64.b64decode(result["answer"]["image"])) == picture.size
