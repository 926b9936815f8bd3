"""What artists have drawn: the same character with several expressions, a folder of pictures each.

`manifest.csv` in the folder (columns `file`, `character`, `expression`) says what is what; without
it every folder is a character and every file is named for its expression. Artists have words of
their own; those that mean one of our expressions are taken for it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.expression import EXPRESSIONS
from trainer.data.pictures import SUFFIXES

MANIFEST: Final = "manifest.csv"

WORDS: Final = {
    "normal": "neutral",
    "smile": "happy",
    "giggle": "laughing",
    "cry": "crying",
    "mad": "angry",
    "concerned": "worried",
    "blush": "embarrassed",
}
"""Words of artists for expressions of ours."""


class SpriteSetError(ValueError):
    """A folder that holds no set of sprites; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class SpriteSet:
    """One character and its drawings by our name of the expression; `unused` are the artist's words
    that are none of ours, or a second one for the same."""

    character: str
    drawings: dict[str, Path]
    unused: tuple[str, ...]


def read_sprite_sets(folder: Path) -> list[SpriteSet]:
    """The characters of `folder` that have two expressions or more, by name.

    Raises SpriteSetError where there is none.
    """
    found: dict[str, dict[str, Path]] = {}
    for character, word, path in sorted(_listed(folder)):
        found.setdefault(character, {})[word] = path
    sets = [_as_ours(character, drawn) for character, drawn in found.items()]
    usable = [one for one in sets if len(one.drawings) > 1]
    if not usable:
        raise SpriteSetError(
            f"{folder} has no character with two expressions of {', '.join(EXPRESSIONS)}; put the "
            "pictures of a character into a folder and name each for its expression"
        )
    return usable


def _as_ours(character: str, drawn: dict[str, Path]) -> SpriteSet:
    drawings = {word: path for word, path in drawn.items() if word in EXPRESSIONS}
    unused = []
    for word, path in drawn.items():
        if word in drawings:
            continue
        ours = WORDS.get(word)
        if ours is None or ours in drawings:
            unused.append(word)
        else:
            drawings[ours] = path
    order = sorted(drawings, key=EXPRESSIONS.index)
    return SpriteSet(character, {name: drawings[name] for name in order}, tuple(unused))


def _listed(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Character, the artist's word, path."""
    if not (folder / MANIFEST).exists():
        for path in folder.glob("*/*"):
            if path.suffix.lower() in SUFFIXES:
                yield path.parent.name, path.stem.lower(), path
        return
    with (folder / MANIFEST).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            try:
                name, character, word = row["file"], row["character"], row["expression"]
            except KeyError as missing:
                raise SpriteSetError(f"{folder / MANIFEST} has no column {missing}") from missing
            here = folder / name  # files are as seen from the folder, or from the one above it
            yield character, word.lower(), here if here.exists() else folder.parent / name
