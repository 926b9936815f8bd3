"""`python -m benchmarks.draw`: how many pictures a second the artist draws on one core."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.gateway import ROOT
from trainer.characters import draw, sample_character, sample_view
from trainer.characters.moods import sample_mood


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw for some seconds and print the rate; returns the exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks.draw", description=__doc__)
    parser.add_argument("--size", type=int, default=128, help="side of the pictures, pixels")
    parser.add_argument("--views", type=int, default=8, help="expressions of each character")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "benchmarks" / "draw.json")
    options = parser.parse_args(arguments)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    _draw_character(0, options.size, options.views)  # fonts, caches, imports
    pictures, seed = 0, 1
    start, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - start < options.seconds:
        _draw_character(seed, options.size, options.views)
        pictures += options.views
        seed += 1
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"{options.size} px, one core, {seed - 1} characters, {options.views} expressions each: "
        f"{pictures / wall:.1f} pictures/s of wall time, {pictures / cpu:.1f} of processor time"
    )
    report = {
        "size": options.size,
        "views": options.views,
        "pictures": pictures,
        "pictures_per_wall_second": pictures / wall,
        "pictures_per_cpu_second": pictures / cpu,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def _draw_character(seed: int, size: int, views: int) -> None:
    """As for a data set: one character and view under several expressions."""
    rng = np.random.default_rng(seed)
    character, view = sample_character(seed), sample_view(rng, level=True)
    for _ in range(views):
        mood, _preset = sample_mood(rng)
        draw(character, view, mood, size)


if __name__ == "__main__":
    sys.exit(main())
