"""`python -m benchmarks.watching`: how soon /healthz is answered while the largest JSON goes by.

Callers send a picture of noise in base64, as large as the gateway takes, and get it back in base64,
one after the other; beside them one asks for /healthz over and over, on a connection that it keeps.
"""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx
import numpy as np

from benchmarks import command
from benchmarks.gateway import GatewayError, running_gateway
from benchmarks.load import Load, LoadError, one_after_the_other, quantile_ms
from serving import png

_FACE: Final = 0.25
"""Side of the box that is edited, in sides of the picture."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; returns the exit code, 1 where an edit was not answered."""
    options = _parser().parse_args(arguments)
    try:
        with running_gateway(options.model_repository) as gateway:
            edit = _edit(gateway.url, options.side)
            healthz = httpx.Request("GET", f"{gateway.url}/healthz")
            idle = one_after_the_other(healthz, 1, options.seconds)
            with ThreadPoolExecutor(1) as beside:
                edits = beside.submit(one_after_the_other, edit, options.callers, options.seconds)
                watched = one_after_the_other(healthz, 1, options.seconds)
                load = edits.result()
    except (OSError, GatewayError, LoadError) as error:
        print(error, file=sys.stderr)
        return 1
    healths = {"idle": _told(idle), "under_load": _told(watched)}
    size, statuses = len(edit.read()), {str(s): count for s, count in load.statuses().items()}
    report = {"body_bytes": size, "callers": options.callers, "edits": statuses, **healths}
    command.write_report(options.out, report)
    print(f"bodies of {size / 1e6:.0f} MB, answers by status: {statuses}")
    for name, told in healths.items():
        figures = ", ".join(f"{figure} {value:.1f}" for figure, value in told.items())
        print(f"/healthz {name.replace('_', ' ')}: {figures}")
    return 0 if len(load.good()) == len(load.answers) else 1


def _edit(url: str, side: int) -> httpx.Request:
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    box = [side * (1 - _FACE) / 2] * 2 + [side * _FACE] * 2
    image = base64.b64encode(png.encode(noise)).decode("ascii")
    return httpx.Request(
        "POST",
        f"{url}/v1/expressions",
        json={"image": image, "expression": "happy", "faces": [box]},
        headers={"Accept": "application/json"},
    )


def _told(load: Load) -> dict[str, float]:
    shares = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: quantile_ms(load.good(), share) for name, share in shares.items()}


def _parser() -> argparse.ArgumentParser:
    parser = command.parser("benchmarks.watching", __doc__, edits=False)
    parser.add_argument("--side", type=int, default=3200, help="of the picture, in pixels")
    parser.add_argument("--callers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20.0)
    return parser


if __name__ == "__main__":
    sys.exit(main())
