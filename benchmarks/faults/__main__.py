"""`python -m benchmarks.faults`: is anything lost that was accepted, when something goes wrong?

Triton is killed ten times, callers hang up, SIGTERM comes, and the disk of the batches is full:
each under load, on real servers. Prints and writes what became of every request and of every line
of a batch. Triton is the one that `make triton` installs.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks import command
from benchmarks.faults.callers import FaultError, Picture, pictures
from benchmarks.faults.ends import end_gateway
from benchmarks.faults.full_disk import fill_disk
from benchmarks.faults.hangups import hang_up
from benchmarks.faults.kills import kill_triton
from benchmarks.faults.tally import Tally
from benchmarks.gateway import ROOT
from benchmarks.triton import TritonError

Fault = Callable[[Path, list[Picture], int], Coroutine[Any, Any, list[Tally]]]
FAULTS: Final[Mapping[str, tuple[Fault, int]]] = {
    "triton": (kill_triton, 10),
    "hang-up": (hang_up, 300),
    "sigterm": (end_gateway, 5),
    "disk": (fill_disk, 2),
}
"""Each with how often it comes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring the faults about; returns the exit code, 1 when something accepted was lost."""
    options = _parser().parse_args(arguments)
    tallies: list[Tally] = []
    try:
        asked = pictures(options.picture.read_bytes(), options.callers)
        _print_head()
        for name in options.only:
            fault, times = FAULTS[name]
            work = fault(options.model_repository, asked, options.times or times)
            for tally in asyncio.run(work):
                tallies.append(tally)
                _print(tally)
    except (
        OSError,
        ValueError,
        FaultError,
        TritonError,
        httpx.HTTPError,
        subprocess.SubprocessError,
    ) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    lost = sum(len(tally.lost) for tally in tallies)
    for tally in tallies:
        for how in sorted(set(tally.lost)):
            print(f"lost, {tally.fault}, {tally.of}: {tally.lost.count(how)} x {how}")
    report = [asdict(t) | {"sent": t.sent, "accepted": t.accepted} for t in tallies]
    command.write_report(options.out, report)
    print(f"\naccepted and lost: {lost}; written to {options.out}")
    return 1 if lost else 0


_COLUMNS: Final = (
    "times",
    "sent",
    "refused",
    "unheard",
    "accepted",
    "answered",
    "given back",
    "hung up",
)


def _print_head() -> None:
    print(f"{'fault':<18}{'of':<30}" + "".join(f"{name:>11}" for name in (*_COLUMNS, "lost")))


def _print(tally: Tally) -> None:
    accepted = (tally.answered, tally.given_back, tally.hung_up, len(tally.lost))
    numbers = (tally.times, tally.sent, tally.refused, tally.unheard, tally.accepted, *accepted)
    print(f"{tally.fault:<18}{tally.of:<30}" + "".join(f"{n:>11}" for n in numbers), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = command.parser("benchmarks.faults", __doc__, edits=False)
    parser.add_argument("--only", type=_names, default=tuple(FAULTS), metavar="NAME,NAME,...")
    parser.add_argument("--times", type=int, help="how often each fault comes")
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--picture", type=Path, default=ROOT / "examples" / "sprite.png")
    return parser


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(FAULTS):
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose of {', '.join(FAULTS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
