"""`python -m export configure`: config.pbtxt of models that lie there, anew from their cards."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from export.repository import configure
from trainer.command import refusals_told


@refusals_told
def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m export configure",
        description="Write Triton's configurations anew from the cards; weights and cards stay.",
    )
    parser.add_argument("models", nargs="*", help="names (default: all)")
    parser.add_argument("--repository", type=Path, default=Path("model_repository"))
    given = parser.parse_args(arguments)
    names = given.models or sorted(p.parent.name for p in given.repository.glob("*/card.json"))
    for name in names:
        configure(given.repository / name)
    print(f"configured: {', '.join(names) or 'nothing'}")
    return 0
