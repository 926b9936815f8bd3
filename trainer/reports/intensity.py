"""The figures of `trainer.metrics.intensity` as a section of the evaluation."""

from __future__ import annotations

import numpy as np

from trainer.metrics.intensity import STEPS, Intensities, Rises
from trainer.reports.section import Section


def section(found: Intensities) -> Section:
    """Shares of characters for which score and change rise at each step, by expression."""
    steps = ", ".join(f"{step:g}" for step in STEPS)
    lines = [
        "## Intensity\n",
        f"From a face at rest, at the intensities {steps}: the share of characters for which the "
        "figure rises at each step. The judge's score: how much likelier than a face at rest. "
        "Change at 0: mean absolute difference, of 255 levels.\n",
        "| asked for | judge's score | the same, true drawings | change of the picture "
        "| change at 0 |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, one in found.rises.items():
        lines.append(f"| {name} | " + " | ".join(_cells(one, found.judged)) + " |")
    every = list(found.rises.values())
    figures = {"change_rises": _share(sum(r.change for r in every), every)}
    if found.judged:
        figures["score_rises"] = _share(sum(r.score for r in every), every)
        figures["true_score_rises"] = _share(sum(r.true_score for r in every), every)
    content = {
        name: {
            "characters": one.characters,
            "change_rises": one.change,
            **({"score_rises": one.score, "true_score_rises": one.true_score}
               if found.judged else {}),
            "change_at_0": round(one.at_rest / max(one.characters, 1), 6),
        }
        for name, one in found.rises.items()
    }  # fmt: skip
    return Section("intensity", figures, content, "\n".join(lines))


def _cells(one: Rises, judged: bool) -> list[str]:
    def percent(count: int) -> str:
        return f"{100 * _share(count, [one]):.1f} %"

    scores = [percent(one.score), percent(one.true_score)] if judged else ["", ""]
    levels = 255 * one.at_rest / max(one.characters, 1)
    return [*scores, percent(one.change), f"{levels:.2f}"]


def _share(count: int, of: list[Rises]) -> float:
    return count / max(int(np.sum([one.characters for one in of])), 1)
