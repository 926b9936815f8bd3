"""The figures of `trainer.metrics.resolution` as a section of the evaluation, and a sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from faces.canvas import RGB8
from trainer.metrics.resolution import ENLARGED, SERVED, WAYS, Resolved, WaySums
from trainer.reports.section import Section
from trainer.reports.sheets import captioned, write_sheet

_CAPTION = "input | the small result, enlarged | as served | the true drawing"


def section(found: Resolved) -> Section:
    """Figures by size and way, what is gained, and what changed outside of the mask."""
    sizes = sorted({size for size, _ in found.sums})
    figures: dict[str, float] = {}
    lines = [
        "## At the picture's own resolution\n",
        f"{found.characters} of the characters drawn again at each size, six edits of each. "
        "Served: the change is applied to the picture's own pixels. Enlarged: the network's small "
        "result is made as large as the face and laid over it. Error left is counted as above; the "
        "rest is what the artist left alone.\n",
        "| picture | way | error left | PSNR in the changed region | PSNR of the rest | PSNR |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for size in sizes:
        for way in WAYS:
            sums = found.sums[size, way]
            edits = max(sums.edits, 1)
            name = f"{size}" if way == SERVED else f"{size}_{way}"
            figures[f"error_share_{name}"] = sums.share
            figures[f"region_psnr_{name}"] = sums.region_psnr / edits
            figures[f"kept_psnr_{name}"] = sums.kept_psnr / edits
            lines.append(
                f"| {size} px | {way} | {100 * sums.share:.2f} % | "
                f"{sums.region_psnr / edits:.2f} dB | {sums.kept_psnr / edits:.2f} dB | "
                f"{sums.psnr / edits:.2f} dB |"
            )
    gains = [f"{_gain(found, size):.2f} dB at {size} px" for size in sizes]
    outside = found.changed_outside / max(found.outside, 1)
    figures["changed_outside_mask"] = outside
    lines.append(
        f"\nGained in PSNR of the whole picture: {', '.join(gains)}. Pixels changed outside of the "
        f"mask: {found.changed_outside} of {found.outside:,}."
    )
    content = {
        "characters": found.characters,
        "ways": [
            {"size": size, "way": way, **_told(found.sums[size, way])}
            for size in sizes
            for way in WAYS
        ],
        "pixels_outside_mask": found.outside,
        "pixels_changed_outside_mask": found.changed_outside,
    }
    return Section("resolution", figures, content, "\n".join(lines))


def write_examples(folder: Path, found: Resolved) -> None:
    """Write sheets/resolution.png: the middles of faces, pixel for pixel at the largest size."""
    tiles = [captioned(np.hstack([_middle(one) for one in row]), _CAPTION)
             for row in found.examples]  # fmt: skip
    write_sheet(folder / "sheets" / "resolution.png", tiles, 1)


def _middle(picture: RGB8) -> RGB8:
    """Half of the side, with eyes and mouth."""
    side = picture.shape[0]
    top, left, half = round(0.28 * side), side // 4, side // 2
    return picture[top : top + half, left : left + half]


def _gain(found: Resolved, size: int) -> float:
    served, enlarged = found.sums[size, SERVED], found.sums[size, ENLARGED]
    return (served.psnr - enlarged.psnr) / max(served.edits, 1)


def _told(sums: WaySums) -> dict[str, float | int]:
    edits = max(sums.edits, 1)
    return {
        "edits": sums.edits,
        "error_share": round(sums.share, 6) if sums.edits else 0.0,
        "region_psnr": round(sums.region_psnr / edits, 4),
        "kept_psnr": round(sums.kept_psnr / edits, 4),
        "psnr": round(sums.psnr / edits, 4),
    }
