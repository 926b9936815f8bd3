"""What the commands of this folder share: arguments that mean the same in each, and the report."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.gateway import ROOT


def parser(command: str, description: str | None, *, edits: bool = True) -> argparse.ArgumentParser:
    """Of `python -m COMMAND`: the models, the report, and where it `edits` the picture and how."""
    made = argparse.ArgumentParser(f"python -m {command}", description=description)
    if edits:
        made.add_argument("--picture", type=Path, default=ROOT / "examples" / "sprite.png")
        made.add_argument("--expression", default="angry")
    made.add_argument("--model-repository", type=Path, default=ROOT / "model_repository")
    name = "gateway" if command == "benchmarks" else command.rpartition(".")[2]
    made.add_argument("--out", type=Path, default=ROOT / "out" / "benchmarks" / f"{name}.json")
    return made


def write_report(path: Path, report: Any) -> None:
    """Write `report` as JSON, into folders that are made. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")
