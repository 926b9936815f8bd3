"""`python -m benchmarks.endurance`: many requests of all sorts, and what memory they leave behind.

Edits as picture and as JSON, faces, pictures that are damaged, expressions that nobody knows, and
callers who hang up. Says how the resident memory grew after the first tenth.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import httpx

from benchmarks import command
from benchmarks.gateway import GatewayError, RunningGateway, running_gateway
from benchmarks.wire import Wire, bytes_of, edit_request

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
    command.write_report(options.out, report)
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
                samples.append(gateway.process.resident_bytes())
            answer = await wire.ask(*request_of(number))
            answers[answer.status] += 1
            if answer.retry_after:
                await asyncio.sleep(answer.retry_after)

    async with Wire(gateway.url) as wire:
        await asyncio.gather(*(call(wire) for _ in range(callers)))
    samples.append(gateway.process.resident_bytes())
    return answers, samples, time.perf_counter() - start


def _requests(url: str, picture: bytes, expression: str) -> list[tuple[bytes, float]]:
    """Whole requests, each with the seconds after which its caller hangs up."""
    edit = edit_request(url, picture, expression)
    as_json = edit_request(url, picture, expression, {"Accept": "application/json"})
    faces = httpx.Request("POST", f"{url}/v1/faces", files={"image": ("image", picture)})
    damaged = edit_request(url, picture[: len(picture) // 2], expression)
    unknown = edit_request(url, picture, "nobody-knows")
    waited = [bytes_of(request) for request in (edit, as_json, faces, damaged, unknown)]
    return [*((request, _PATIENCE_S) for request in waited), (bytes_of(edit), 0.02)]


def _parser() -> argparse.ArgumentParser:
    parser = command.parser("benchmarks.endurance", __doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--callers", type=int, default=4)
    parser.add_argument("--most-growth", type=float, default=0.05, help="that is no error")
    return parser


if __name__ == "__main__":
    sys.exit(main())
