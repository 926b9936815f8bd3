"""The figures of `trainer.metrics.editing` as JSON, as a Markdown page and as contact sheets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from contract.expression import CORE_EXPRESSIONS
from trainer.metrics.confusion import OTHER, Confusion
from trainer.metrics.editing import Example, Measured, Pair, Sums
from trainer.metrics.similarity import decibels
from trainer.reports.files import write_json, write_text
from trainer.reports.section import Section
from trainer.samples import grid, write_png

VERSION: Final = 1

MOBINI: Final = {"happy": 89.0, "sad": 74.0, "neutral": 78.0, "crying": 72.0, "surprised": 91.0}
"""Diagonal of Table II, Mobini & Ghaderi 2020, out of a hundred."""
AIM_ANGRY: Final = 85.0
STGAN_PSNR: Final = 31.67
STGAN_SSIM: Final = 0.948
"""Reconstruction by STGAN as Huang et al. print it (Table 2)."""
AIM_SHARE: Final = 0.40


def figures(measured: Measured, *, judged: bool) -> dict[str, float]:
    """The headline figures by name.

    Means over edits are over edits from one core expression to another; `reconstruction_*` over
    those whose target is the expression that the drawing has; `error_share` is the mean over
    ordered pairs of core expressions.
    """
    moved = {pair: s for pair, s in measured.pairs.items() if pair[0] != pair[1]}
    core = {pair: s for pair, s in moved.items() if pair[1] in CORE_EXPRESSIONS}
    kept = _total(s for pair, s in measured.pairs.items() if pair[0] == pair[1])
    total = _total(core.values())
    result = {
        "error_share": _mean(s.share for s in core.values()),
        "error_share_all": _mean(s.share for s in _by_target(moved).values()),
        "region_psnr": total.region_psnr / max(total.regions, 1),
        "region_ssim": total.region_ssim / max(total.regions, 1),
        "paired_psnr": total.psnr / max(total.edits, 1),
        "paired_ssim": total.ssim / max(total.edits, 1),
        "changed_outside": total.spilled / max(total.edits, 1),
        "reconstruction_psnr": kept.psnr / max(kept.edits, 1),
        "reconstruction_psnr_pooled": _pooled(kept),
        "reconstruction_ssim": kept.ssim / max(kept.edits, 1),
    }
    if judged:
        result["transfer_accuracy"] = measured.confusion.accuracy()
        result["truth_accuracy"] = measured.truth_confusion.accuracy()
        for name, value in measured.confusion.diagonal().items():
            result[f"transfer_{name}"] = value
        result["transfer_accuracy_all"] = measured.all_confusion.accuracy()
        result["truth_accuracy_all"] = measured.all_truth_confusion.accuracy()
    return {name: value for name, value in result.items() if not math.isnan(value)}


def report(
    measured: Measured,
    *,
    judged: bool,
    measured_by: str,
    facts: Mapping[str, Any],
    sections: Sequence[Section] = (),
) -> dict[str, Any]:
    """Everything as plain values, for JSON. `facts` says what was measured."""
    every = figures(measured, judged=judged)
    for section in sections:
        every |= section.figures
    tables = {
        "transfer": measured.confusion,
        "truth": measured.truth_confusion,
        "transfer_all": measured.all_confusion,
        "truth_all": measured.all_truth_confusion,
    }
    return {
        "version": VERSION,
        "measured_by": measured_by,
        **facts,
        "characters": measured.characters,
        "figures": {k: round(v, 6) for k, v in every.items() if not math.isnan(v)},
        "pairs": [_pair(pair, sums) for pair, sums in sorted(measured.pairs.items())],
        "confusion": {
            name: {"labels": [*table.labels, OTHER], "counts": table.counts.tolist()}
            for name, table in tables.items()
            if judged
        },
        **{section.name: section.content for section in sections},
    }


def page(
    measured: Measured, *, judged: bool, measured_by: str, sections: Sequence[Section] = ()
) -> str:
    """The Markdown page: figures with their aims, confusion tables, error shares per pair."""
    found = figures(measured, judged=judged)
    parts = [
        f"{measured.characters} held-out drawn characters. Made by `{measured_by}`.",
        _headline(found),
    ]
    if judged:
        parts += [
            "## Transfer accuracy\n\nRow: expression asked for (from each of the other five). "
            "Column: what the judge sees in the result. Out of a hundred, in the form of Mobini & "
            "Ghaderi's Table II.",
            _confusion(measured.confusion),
            "What the same judge sees in the true drawings, its ceiling:",
            _confusion(measured.truth_confusion),
        ]
        others = [
            name
            for name in measured.all_confusion.labels
            if name not in CORE_EXPRESSIONS and (name, name) in measured.pairs
        ]
        if others:
            parts.append(_others(measured, others))
    parts += [
        "## Error left\n\nL1 error to the true drawing inside the region that the artist changed, "
        "out of a hundred of the error of leaving the picture as it is. Row: the drawing's own "
        "expression. Column: the one asked for.",
        _shares(measured.pairs),
        *(section.text for section in sections),
    ]
    return "\n\n".join(parts) + "\n"


def write(
    folder: Path,
    measured: Measured,
    *,
    judged: bool,
    measured_by: str,
    facts: Mapping[str, Any],
    sections: Sequence[Section] = (),
) -> None:
    """Write evaluation.json, evaluation.md and sheets/*.png (rows of input | output | truth)."""
    content = report(
        measured, judged=judged, measured_by=measured_by, facts=facts, sections=sections
    )
    write_json(folder / "evaluation.json", content)
    text = page(measured, judged=judged, measured_by=measured_by, sections=sections)
    write_text(folder / "evaluation.md", "# Evaluation\n\n" + text)
    for name, examples in {**measured.examples, "worst": measured.worst}.items():
        if examples:
            write_png(folder / "sheets" / f"{name}.png", sheet(examples))


def sheet(examples: Sequence[Example]) -> torch.Tensor:
    """Rows of input | output | truth, [rows*S, 3*S, 3] uint8."""
    columns = [
        torch.stack([getattr(example, side) for example in examples]) * 2 - 1
        for side in ("before", "result", "truth")
    ]
    return grid(columns, rows=len(examples))


def _headline(found: Mapping[str, float]) -> str:
    rows = [
        ("error left in the changed region", "error_share", 100, "%", f"at most {AIM_SHARE:.0%}"),
        ("the same, mean over all expressions", "error_share_all", 100, "%", ""),
        ("PSNR in the changed region", "region_psnr", 1, " dB", ""),
        ("SSIM in the changed region", "region_ssim", 1, "", ""),
        ("PSNR of the whole crop", "paired_psnr", 1, " dB", ""),
        ("SSIM of the whole crop", "paired_ssim", 1, "", ""),
        ("pixels changed outside the true change", "changed_outside", 100, "%", ""),
        ("reconstruction PSNR", "reconstruction_psnr", 1, " dB", f"above {STGAN_PSNR}"),
        ("reconstruction PSNR of the mean error", "reconstruction_psnr_pooled", 1, " dB", ""),
        ("reconstruction SSIM", "reconstruction_ssim", 1, "", f"above {STGAN_SSIM}"),
        ("transfer accuracy, six expressions", "transfer_accuracy", 1, "%", ""),
        ("the judge on true drawings", "truth_accuracy", 1, "%", ""),
    ]  # fmt: skip
    for name in CORE_EXPRESSIONS:
        aim = AIM_ANGRY if name == "angry" else MOBINI.get(name)
        rows.append((f"transfer to {name}", f"transfer_{name}", 1, "%", f"above {aim:g}%"))
    lines = ["| figure | value | aim |", "|---|---:|---|"]
    for title, name, factor, unit, wanted in rows:
        if name in found:
            digits = 3 if name.endswith("ssim") else 2 if unit == " dB" or factor == 100 else 1
            lines.append(f"| {title} | {factor * found[name]:.{digits}f}{unit} | {wanted} |")
    return "\n".join(lines)


def _confusion(table: Confusion) -> str:
    header = ["", *table.labels, OTHER]
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
    for label, row in zip(table.labels, table.percent(), strict=True):
        lines.append(f"| {label} | " + " | ".join(_number(v) for v in row) + " |")
    return "\n".join(lines)


def _others(measured: Measured, names: Sequence[str]) -> str:
    reached = measured.all_confusion.diagonal()
    ceiling = measured.all_truth_confusion.diagonal()
    left = _by_target({p: s for p, s in measured.pairs.items() if p[0] != p[1]})
    lines = [
        "The other expressions, among all fourteen:\n",
        "| | seen as asked | true drawings | error left |",
        "|---|---:|---:|---:|",
    ]
    for name in names:
        share = _number(100 * left[name].share) if name in left else ""
        lines.append(f"| {name} | {_number(reached[name])} | {_number(ceiling[name])} | {share} |")
    return "\n".join(lines)


def _shares(pairs: Mapping[Pair, Sums]) -> str:
    lines = [
        "| | " + " | ".join(CORE_EXPRESSIONS) + " |",
        "|---|" + "---:|" * len(CORE_EXPRESSIONS),
    ]
    for source in CORE_EXPRESSIONS:
        row = [
            "" if source == wanted or (source, wanted) not in pairs
            else _number(100 * pairs[source, wanted].share)
            for wanted in CORE_EXPRESSIONS
        ]  # fmt: skip
        lines.append(f"| {source} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def _pair(pair: Pair, sums: Sums) -> dict[str, Any]:
    edits, regions = max(sums.edits, 1), max(sums.regions, 1)
    values = {
        "psnr": sums.psnr / edits,
        "ssim": sums.ssim / edits,
        "changed_outside": sums.spilled / edits,
        "region_psnr": sums.region_psnr / regions if sums.regions else math.nan,
        "region_ssim": sums.region_ssim / regions if sums.regions else math.nan,
        "error_share": sums.share if pair[0] != pair[1] else math.nan,
    }
    told = {k: None if math.isnan(v) else round(v, 6) for k, v in values.items()}
    return {"from": pair[0], "to": pair[1], "edits": sums.edits, **told}


def _by_target(pairs: Mapping[Pair, Sums]) -> dict[str, Sums]:
    targets = sorted({pair[1] for pair in pairs})
    return {name: _total(s for pair, s in pairs.items() if pair[1] == name) for name in targets}


def _total(sums: Iterable[Sums]) -> Sums:
    return sum(sums, Sums())


def _pooled(sums: Sums) -> float:
    return float(decibels(torch.tensor(sums.squared / max(sums.edits, 1), dtype=torch.float64)))


def _mean(values: Iterable[float]) -> float:
    found = [value for value in values if not math.isnan(value)]
    return float(np.mean(found)) if found else math.nan


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1f}"
