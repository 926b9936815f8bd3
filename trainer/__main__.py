"""`python -m trainer COMMAND`: the trainer's commands, each in its own module of `commands/`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence

from trainer import commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m trainer", description="Make celmood's models.")
    subparsers = parser.add_subparsers(dest="command", required=True)
    words = list(sys.argv[1:] if arguments is None else arguments)
    known = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    # Only what is asked for is imported: each command brings its own heavy libraries.
    named = words[0].replace("-", "_") if words else ""
    for name in [named] if named in known else known:
        importlib.import_module(f"trainer.commands.{name}").register(subparsers)
    chosen = parser.parse_args(words)
    status: int = chosen.run(chosen)
    return status


if __name__ == "__main__":
    sys.exit(main())
