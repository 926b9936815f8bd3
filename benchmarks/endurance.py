"""`python -m benchmarks.endurance`: many requests of all sorts, and what memory they leave behind.

Edits as picture and as JSON, faces, pictures that are damaged, expressions that nobody knows, and
callers who hang up. Says how the resident memory grew after the first tenth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx

from benchmarks.gateway import ROOT, GatewayError, RunningGateway, running_gateway
from benchmarks.load import request_bytes
from benchmarks.wire import Wire

_PATIENCE_S: Final = 60.0
_SAMPLES: Final = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Send the requests; returns the exit code, 1 when memory grew or an answer was not meant."""
    options = _parser().parse_args(arguments)
    try:
        picture = options.picture.read_bytes()
        with running_gateway(options.model_repository) as gateway:
            answers, samples, seconds = asyncio.run(_run(gateway, picture, options))
    except (OSError, ValueError, GatewayError) as error:
        print(error, file=sys.stderr)
        return 1
    settled = samples[max(1, len(samples) // 10) :]
    growth = max(settled) / settled[0] - 1
    unmeant = sorted(status for status in answers if status >= 500 and status != 503)
    report = {
        "requests": options.requests,
        "seconds": seconds,
        "statuses": {str(status): count for status, count in sorted(answers.items())},
        "resident_bytes": samples,
        "growth": growth,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    told = ", ".join(
        f"{count} x {status or 'hung up'}" for status, count in sorted(answers.items())
    )
    print(f"{options.requests} requests in {seconds:.0f} s: {told}")
    print(
        f"resident memory {settled[0] / 1e6:.0f} MB after the first tenth, then at most "
        f"{max(settled) / 1e6:.0f} MB: {growth:+.1%}; written to {options.out}"
    )
    return 1 if unmeant or growth > options.most_growth else 0


async def _run(
    gateway: RunningGateway, picture: bytes, options: argparse.Namespace
) -> tuple[Counter[int], list[int], float]:
    requests = _requests(gateway.url, picture, options.expression)
    return await send_all(
        gateway,
        lambda number: requests[number % len(requests)],
        options.requests,
        options.callers,
    )


async def send_all(
    gateway: RunningGateway,
    request_of: Callable[[int], tuple[bytes, float]],
    count: int,
    callers: int,
) -> tuple[Counter[int], list[int], float]:
    """Answers by status (0: none), resident bytes along the way, and the seconds of all.

    `request_of` gives request number 0, 1, ... and the seconds after which its caller hangs up.
    """
    answers: Counter[int] = Counter()
    samples: list[int] = []
    numbers = iter(range(count))
    every = max(1, count // _SAMPLES)
    start = time.perf_counter()

    async def call(wire: Wire) -> None:
        for number in numbers:
            if number % every == 0:
                samples.append(resident_bytes(gateway))
            answer = await wire.ask(*request_of(number))
            answers[answer.status] += 1
            if answer.retry_after:
                await asyncio.sleep(answer.retry_after)

    async with Wire(gateway.url) as wire:
        await asyncio.gather(*(call(wire) for _ in range(callers)))
    samples.append(resident_bytes(gateway))
    return answers, samples, time.perf_counter() - start


def _requests(url: str, picture: bytes, expression: str) -> list[tuple[bytes, float]]:
    """Whole requests, each with the seconds after which its caller hangs up."""
    edit = request_bytes(url, picture, expression)
    first, rest = edit.split(b"\r\n", 1)
    as_json = b"\r\n".join([first, b"Accept: application/json", rest])
    faces = httpx.Request("POST", f"{url}/v1/faces", files={"image": ("image", picture)})
    head = [b"POST /v1/faces HTTP/1.1"]
    head += [name + b": " + value for name, value in faces.headers.raw]
    return [
        (edit, _PATIENCE_S),
        (as_json, _PATIENCE_S),
        (b"\r\n".join([*head, b"", b""]) + faces.read(), _PATIENCE_S),
        (request_bytes(url, picture[: len(picture) // 2], expression), _PATIENCE_S),
        (request_bytes(url, picture, "nobody-knows"), _PATIENCE_S),
        (edit, 0.02),
    ]


def resident_bytes(gateway: RunningGateway) -> int:
    """What of the gateway is in memory now. Raises GatewayError."""
    for line in Path(f"/proc/{gateway.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise GatewayError("the kernel does not tell the resident memory")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.endurance", description=__doc__)
    parser.add_argument("--picture", type=Path, default=ROOT / "examples" / "sprite.png")
    parser.add_argument("--expression", default="angry")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--callers", type=int, default=4)
    parser.add_argument("--most-growth", type=float, default=0.05, help="that is no error")
    parser.add_argument("--model-repository", type=Path, default=ROOT / "model_repository")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "benchmarks" / "endurance.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
