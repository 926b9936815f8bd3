"""`python -m benchmarks.draw`: how many pictures a second the artist draws on one core.

Three ways: single pictures of characters that exist, single pictures each of a new character, and
several expressions of each new character at once, as a data set is drawn.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from itertools import count, cycle
from pathlib import Path

import numpy as np

from benchmarks.gateway import ROOT
from contract.expression import Vector
from trainer.characters import Character, View, draw, draw_all, sample_character, sample_view
from trainer.characters.moods import sample_mood

_KNOWN = 64


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw for some seconds in each way and print the rates; returns the exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks.draw", description=__doc__)
    parser.add_argument("--size", type=int, default=128, help="side of the pictures, pixels")
    parser.add_argument("--views", type=int, default=8, help="expressions of each character")
    parser.add_argument("--seconds", type=float, default=10.0, help="time for each way")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "benchmarks" / "draw.json")
    options = parser.parse_args(arguments)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    size, views = options.size, options.views
    known = cycle([_sample(seed, 1) for seed in range(_KNOWN)])
    fresh, fresh_sets = count(_KNOWN), count(_KNOWN)
    ways: dict[str, tuple[int, Callable[[], None]]] = {
        "single": (1, lambda: _draw_single(size, next(known))),
        "single_new": (1, lambda: _draw_single(size, _sample(next(fresh), 1))),
        "together": (views, lambda: _draw_together(size, _sample(next(fresh_sets), views))),
    }
    report: dict[str, object] = {"size": size, "views": views}
    print(f"{size} px, one core, pictures per second of processor time (of wall time):")
    for name, (pictures, way) in ways.items():
        processor, wall = _rates(pictures, way, options.seconds)
        print(f"{name:>12}: {processor:.1f} ({wall:.1f})")
        report[name] = {"pictures_per_cpu_second": processor, "pictures_per_wall_second": wall}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def _rates(pictures: int, way: Callable[[], None], seconds: float) -> tuple[float, float]:
    """Pictures per second of processor time and of wall time; each call draws `pictures`."""
    way()  # fonts, caches, imports
    calls, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        way()
        calls += 1
    cpu, wall = time.process_time() - cpu, time.perf_counter() - start
    return calls * pictures / cpu, calls * pictures / wall


def _sample(seed: int, moods: int) -> tuple[Character, View, list[Vector]]:
    rng = np.random.default_rng(seed)
    character, view = sample_character(seed), sample_view(rng, level=True)
    return character, view, [sample_mood(rng)[0] for _ in range(moods)]


def _draw_single(size: int, sampled: tuple[Character, View, list[Vector]]) -> None:
    character, view, (mood,) = sampled
    draw(character, view, mood, size)


def _draw_together(size: int, sampled: tuple[Character, View, list[Vector]]) -> None:
    draw_all(*sampled, size)


if __name__ == "__main__":
    sys.exit(main())
