"""Reports on disk: written beside and renamed, so that none is ever half there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".partial")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON. Raises ValueError for numbers that JSON does not have."""
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")
