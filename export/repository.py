"""Put a verified model into the repository: written beside, then renamed, never half there."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from contract.card import Card, check_weights
from export.triton import config


def card_text(card: Card) -> str:
    """The card as it is written to card.json and stored in config.pbtxt."""
    return card.model_dump_json(indent=2) + "\n"


def place(repository: Path, card: Card, weights: bytes) -> Path:
    """Write NAME/{card.json, config.pbtxt, VERSION/model.onnx}; returns the folder NAME.

    A model of that name is replaced in one move and kept until the new one lies complete beside it.
    Raises WeightsMismatchError when `weights` are not those of `card`.
    """
    check_weights(card, weights)
    repository.mkdir(parents=True, exist_ok=True)
    target = repository / card.name
    beside = Path(tempfile.mkdtemp(prefix=f".{card.name}.", dir=repository))
    old = beside.with_name(f"{beside.name}.old")
    try:
        text = card_text(card)
        new = beside / "new"
        (new / str(card.version)).mkdir(parents=True)
        _write(new / str(card.version) / "model.onnx", weights)
        _write(new / "card.json", text.encode("utf-8"))
        _write(new / "config.pbtxt", config(card, text).encode("ascii"))
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
