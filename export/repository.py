"""Put a verified model into the repository: written beside, then renamed, never half there."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from contract.card import Card, CardError, check_weights, read_card
from export.triton import Variant, config

VARIANTS: Final[tuple[Variant, ...]] = ("tensorrt",)
"""What lies under `configs/` of every model, beside the default config.pbtxt."""


def card_text(card: Card) -> str:
    """The card as it is written to card.json and stored in config.pbtxt."""
    return card.model_dump_json(indent=2) + "\n"


def place(repository: Path, card: Card, weights: bytes) -> Path:
    """Write NAME/{card.json, config.pbtxt, configs/, VERSION/model.onnx}; returns the folder NAME.

    A model of that name is replaced in one move and kept until the new one lies complete beside it.
    A card of a later version with the same tensors leaves the version before it in the folder, so
    that a server can change over without a gap.
    Raises WeightsMismatchError when `weights` are not those of `card`.
    """
    check_weights(card, weights)
    repository.mkdir(parents=True, exist_ok=True)
    target = repository / card.name
    beside = Path(tempfile.mkdtemp(prefix=f".{card.name}.", dir=repository))
    old = beside.with_name(f"{beside.name}.old")
    try:
        new = beside / "new"
        (new / str(card.version)).mkdir(parents=True)
        _write(new / str(card.version) / "model.onnx", weights)
        _write(new / "card.json", card_text(card).encode("utf-8"))
        configure(new)
        if (before := _version_before(target, card)) is not None:
            shutil.copytree(target / before, new / before)
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


def configure(folder: Path) -> Card:
    """Write config.pbtxt and configs/ of the model in `folder` from its card; the weights stay.

    Raises CardError.
    """
    card = read_card(folder / "card.json")
    text = (folder / "card.json").read_text(encoding="utf-8")
    (folder / "configs").mkdir(exist_ok=True)
    for variant in VARIANTS:
        _write(folder / "configs" / f"{variant}.pbtxt", config(card, text, variant).encode("ascii"))
    _write(folder / "config.pbtxt", config(card, text).encode("ascii"))
    return card


def _version_before(target: Path, card: Card) -> str | None:
    """The version in `target` that may stay beside the one of `card`."""
    try:
        old = read_card(target / "card.json")
    except CardError:
        return None
    same = (old.inputs, old.outputs) == (card.inputs, card.outputs)
    return str(old.version) if old.version < card.version and same else None


def _write(path: Path, data: bytes) -> None:
    """Write beside and rename: who reads meanwhile sees the old bytes or the new ones."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
