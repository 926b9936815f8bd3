"""An editor against artists: figures per character and expression, and sheets to look at."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from contract.expression import EXPRESSIONS
from faces.canvas import RGB8
from trainer.metrics.sprites import REDRAWN, Compared, SpriteFigures
from trainer.reports.files import write_json, write_text
from trainer.reports.sheets import captioned, write_sheet

VERSION: Final = 1

_ACROSS: Final = 3
"""Pairs side by side on a sheet."""


def write(out: Path, figures: SpriteFigures, *, measured_by: str, facts: Mapping[str, Any]) -> None:
    """Write sprites.json, sprites.md and sheets/CHARACTER.png (input | answers | the artist's)."""
    content = {
        "version": VERSION,
        "measured_by": measured_by,
        **facts,
        "figures": summary(figures),
        "pairs": [_told(pair) for pair in figures.compared],
        "no_face_found": figures.not_found,
        "other_size": figures.other_size,
    }
    write_json(out / "sprites.json", content)
    write_text(out / "sprites.md", page(figures, measured_by=measured_by))
    for character in _in_order(pair.character for pair in figures.compared):
        pairs = [pair for pair in figures.compared if pair.character == character]
        tiles = [tile(pair) for pair in pairs]
        write_sheet(out / "sheets" / f"{character}.png", tiles, _ACROSS)


def summary(figures: SpriteFigures) -> dict[str, float | int]:
    """The headline figures: mean shares by editor, and how many answers are no better than leaving
    the picture alone. Only pairs that count."""
    pairs = [pair for pair in figures.compared if pair.counts]
    result: dict[str, float | int] = {
        "characters": len({pair.character for pair in pairs}),
        "pairs": len(pairs),
    }
    for name in _editors(pairs):
        shares = _shares(pairs, name)
        result[f"{name}_error_share"] = round(float(np.mean(shares)), 4)
        result[f"{name}_no_better"] = sum(share >= 1 for share in shares)
        spilled = [pair.answers[name].spilled for pair in pairs]
        result[f"{name}_changed_outside"] = round(float(np.mean(spilled)), 4)
    return result


def page(figures: SpriteFigures, *, measured_by: str) -> str:
    """The Markdown page."""
    pairs = [pair for pair in figures.compared if pair.counts]
    by_character = {
        name: [p for p in pairs if p.character == name]
        for name in _in_order(p.character for p in pairs)
    }
    by_wanted = {
        name: some for name in EXPRESSIONS if (some := [p for p in pairs if p.wanted == name])
    }
    redrawn = [pair for pair in figures.compared if pair.region > REDRAWN]
    parts = [
        "# Against the artists' own drawings",
        "L1 error inside the region that the artist changed, out of a hundred of that of leaving "
        "the picture as it is; then how many answers are no better than leaving it, and how much "
        f"of the rest of the crop visibly changed. Made by `{measured_by}`.",
        _table("character", {**by_character, "all": pairs}),
        _table("asked for", by_wanted),
    ]
    notes = {
        "drawn in another pose, not counted": sorted(
            {f"{p.character} {p.source} to {p.wanted}" for p in redrawn}
        ),
        "no face found": figures.not_found,
        "drawings that are not of one size": figures.other_size,
    }
    parts += [f"{title}: {', '.join(some)}." for title, some in notes.items() if some]
    return "\n\n".join(parts) + "\n"


def tile(pair: Compared) -> RGB8:
    """Input | answers | the artist's, with what was asked for and the errors below."""
    told = ", ".join(f"{name} {_percent(a.share)}" for name, a in pair.answers.items())
    note = "" if pair.counts else " (not counted)"
    row = [pair.before, *(a.shown for a in pair.answers.values()), pair.truth]
    return captioned(np.hstack(row), f"{pair.source} to {pair.wanted}: {told}{note}")


def _table(title: str, rows: Mapping[str, Sequence[Compared]]) -> str:
    names = _editors([pair for pairs in rows.values() for pair in pairs])
    head = [title, "pairs"]
    for name in names:
        head += [f"{name}: error left", "no better", "changed outside"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for row, pairs in rows.items():
        cells = [row, str(len(pairs))]
        for name in names:
            shares = _shares(pairs, name)
            spilled = [pair.answers[name].spilled for pair in pairs]
            cells += [
                _percent(float(np.mean(shares)) if shares else math.nan),
                str(sum(share >= 1 for share in shares)),
                _percent(float(np.mean(spilled)) if spilled else math.nan),
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _shares(pairs: Sequence[Compared], name: str) -> list[float]:
    return [pair.answers[name].share for pair in pairs]


def _editors(pairs: Sequence[Compared]) -> list[str]:
    return _in_order(name for pair in pairs for name in pair.answers)


def _in_order(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _told(pair: Compared) -> dict[str, Any]:
    return {
        "character": pair.character,
        "from": pair.source,
        "to": pair.wanted,
        "region": round(pair.region, 4),
        "counts": pair.counts,
        "answers": {
            name: {
                "error_share": None if math.isnan(answer.share) else round(answer.share, 4),
                "changed_outside": round(answer.spilled, 4),
            }
            for name, answer in pair.answers.items()
        },
    }


def _percent(value: float) -> str:
    return "" if math.isnan(value) else f"{100 * value:.1f} %"
