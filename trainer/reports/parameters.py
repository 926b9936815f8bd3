"""The figures of `trainer.metrics.parameters` as a section of the evaluation."""

from __future__ import annotations

import numpy as np

from trainer.metrics.parameters import STEPS, Obeyed, Singles, Way
from trainer.reports.section import Section


def section(found: Singles) -> Section:
    """Error left and rising changes, a row per parameter and end; and what could not be seen."""
    steps = ", ".join(f"{step:g}" for step in STEPS)
    seen = {way: one for way, one in found.ways.items() if one.drawn}
    unseen = [f"{way.name} to {way.end:g}" for way in found.ways if way not in seen]
    figures: dict[str, float] = {}
    lines = [
        "## Single parameters\n",
        "From a face at rest, one parameter (left and right together) set to an end of its range. "
        "Drawn: characters for whom the artist draws something else then; hidden: the others, who "
        "are left out. Error left: as above, mean over the characters. Change rises: the share of "
        f"characters whose picture changes more at each step, {steps} of the way.\n",
        "| parameter | to | drawn | hidden | error left | change rises | the same, true drawings |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(_row(way, one) for way, one in seen.items()),
    ]
    if seen:
        drawn = sum(one.drawn for one in seen.values())
        left = float(np.mean([one.share for one in seen.values()]))
        rises = sum(one.change for one in seen.values()) / drawn
        figures = {"parameter_error_share": left, "parameter_change_rises": rises}
        lines.append(
            f"\nError left, mean of the rows: {100 * left:.1f} %. The change rises for "
            f"{100 * rises:.1f} % of {drawn} characters and ways."
        )
    if unseen:
        lines.append(f"\nHidden with every character: {', '.join(unseen)}.")
    content = {"rows": [_told(way, one) for way, one in found.ways.items()]}
    return Section("parameters", figures, content, "\n".join(lines))


def _row(way: Way, one: Obeyed) -> str:
    shares = (one.share, one.change / one.drawn, one.true_change / one.drawn)
    told = " | ".join(f"{100 * share:.1f} %" for share in shares)
    return f"| {way.name} | {way.end:g} | {one.drawn} | {one.hidden} | {told} |"


def _told(way: Way, one: Obeyed) -> dict[str, str | float | int | None]:
    return {
        "parameter": way.name,
        "to": way.end,
        "drawn": one.drawn,
        "hidden": one.hidden,
        "error_share": round(one.share, 6) if one.drawn else None,
        "change_rises": one.change,
        "true_change_rises": one.true_change,
    }
