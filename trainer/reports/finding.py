"""Finders side by side: a table of their figures, all of it as JSON, and sheets to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2

from faces.canvas import RGB8, Canvas
from faces.face import Box, Face, Point
from faces.letterbox import View, around, whole
from trainer.data.annotated import Mark
from trainer.metrics.finding import FOUND, Matched, Tally, match
from trainer.reports.files import write_json, write_text
from trainer.reports.sheets import Colour, captioned, write_sheet

VERSION: Final = 1
TILE: Final = 224
CLOSE: Final = 160
"""Side of the tile that shows an extra find, pixels."""

HIGHER: Final = (0.4, 0.5, 0.55, 0.6, 0.7)
"""Scores below which finds are left out, to see what a higher threshold would do."""

GROUND: Final[Colour] = (200, 200, 200)
MARKED: Final[Colour] = (0, 150, 0)
MISSED: Final[Colour] = (255, 140, 0)
FOUND_COLOUR: Final[Colour] = (40, 80, 255)
EXTRA: Final[Colour] = (235, 0, 0)

_COLUMNS: Final = (
    ("pictures with a face", "with_face"),
    ("... found in", "picture_share"),
    ("faces", "faces"),
    ("... found", "face_share"),
    ("other finds", "extra"),
    ("pictures without", "without_face"),
    ("... false in", "false"),
    ("eyes off", "eye_error"),
    ("mouth off", "mouth_error"),
    ("all landmarks off", "landmark_error"),
)


@dataclass(slots=True)
class Extra:
    """A find that is none of the marked faces: where it is, and how it looks."""

    file: str
    box: Box
    score: float
    tile: RGB8


@dataclass(slots=True)
class SetOfPictures:
    """What one finder did in one set of pictures."""

    tally: Tally = field(default_factory=Tally)
    tiles: list[RGB8] = field(default_factory=list)
    extras: list[Extra] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    higher: dict[float, Tally] = field(default_factory=lambda: {t: Tally() for t in HIGHER})

    def add(
        self,
        file: str,
        canvas: Canvas,
        marks: Sequence[Mark],
        finds: Sequence[Face],
        *,
        shown: bool = True,
    ) -> None:
        """Count a picture; with `shown` it goes on the sheet."""
        seen = match(marks, finds)
        self.tally.add(seen)
        for threshold, tally in self.higher.items():
            tally.add(match(marks, [face for face in finds if face.score >= threshold]))
        self.missed += [file] * len(seen.missed)
        if shown:
            self.tiles.append(captioned(tile(canvas, seen), Path(file).name))
        for face in seen.extra:
            number = f"{len(self.extras)}: {face.score:.2f} {Path(file).name}"
            view = around(canvas, face.box, 2.0, CLOSE, GROUND)
            _draw_find(view.pixels, view, face, EXTRA)
            close = captioned(view.pixels, number)
            self.extras.append(Extra(file, face.box, face.score, close))


Report = Mapping[str, Mapping[str, SetOfPictures]]
"""By finder, then by set."""


def write(out: Path, report: Report, *, measured_by: str, facts: Mapping[str, Any]) -> None:
    """Write finders.json, finders.md and sheets/SET_FINDER.png, SET_FINDER_other.png."""
    content = {
        "version": VERSION,
        "measured_by": measured_by,
        "found_within_eye_distances": FOUND,
        **facts,
        "finders": {
            finder: {name: _told(one) for name, one in sets.items()}
            for finder, sets in report.items()
        },
    }
    write_json(out / "finders.json", content)
    write_text(out / "finders.md", page(report, measured_by=measured_by))
    for finder, sets in report.items():
        for name, one in sets.items():
            write_sheet(out / "sheets" / f"{name}_{finder}.png", one.tiles, 10)
            extras = [extra.tile for extra in one.extras]
            write_sheet(out / "sheets" / f"{name}_{finder}_other.png", extras, 10)


def page(report: Report, *, measured_by: str) -> str:
    """The Markdown page: one row per set and finder."""
    head = ["set", "finder", *(title for title, _ in _COLUMNS)]
    lines = [
        "# Finders side by side\n",
        f"A face is found when both eyes are within {FOUND} eye distances of where they are. Other "
        "finds are those that are no marked face. Distances are in eye distances, means over the "
        f"found. Made by `{measured_by}`.\n",
        "| " + " | ".join(head) + " |",
        "|---|---|" + "---:|" * len(_COLUMNS),
    ]
    for name in dict.fromkeys(name for sets in report.values() for name in sets):
        for finder, sets in report.items():
            if name in sets:
                figures = sets[name].tally.figures()
                cells = [_cell(key, figures) for _, key in _COLUMNS]
                lines.append(f"| {name} | {finder} | " + " | ".join(cells) + " |")
    lines += [
        "\nWith finds of a lower score left out: faces found, and other finds.\n",
        "| set | finder | " + " | ".join(f"{t:g}" for t in HIGHER) + " |",
        "|---|---|" + "---:|" * len(HIGHER),
    ]
    for finder, sets in report.items():
        for name, one in sets.items():
            cells = [_at_higher(tally) for tally in one.higher.values()]
            lines.append(f"| {name} | {finder} | " + " | ".join(cells) + " |")
    lines.append(
        "\nOn the sheets: green is marked and found, orange marked and missed, blue the find of a "
        "marked face, red any other find."
    )
    return "\n".join(lines) + "\n"


def tile(canvas: Canvas, seen: Matched, size: int = TILE) -> RGB8:
    """The picture, `size` pixels at its longer side, with marks and finds drawn on it."""
    view = whole(canvas, size, GROUND)
    pixels = view.pixels
    for mark, _ in seen.pairs:
        _draw_mark(pixels, view, mark.place, mark.landmarks, MARKED)
    for mark in seen.missed:
        _draw_mark(pixels, view, mark.place, mark.landmarks, MISSED)
    for _, face in seen.pairs:
        _draw_find(pixels, view, face, FOUND_COLOUR)
    for face in seen.extra:
        _draw_find(pixels, view, face, EXTRA)
    return pixels


def _draw_mark(
    pixels: RGB8, view: View, box: Box, landmarks: Mapping[str, Point], colour: Colour
) -> None:
    _draw_box(pixels, view, box, colour)
    for name in ("left_eye", "right_eye", "mouth"):
        if name in landmarks:
            cv2.drawMarker(
                pixels, _at(view, landmarks[name]), colour, cv2.MARKER_TILTED_CROSS, 7, 1
            )


def _draw_find(pixels: RGB8, view: View, face: Face, colour: Colour) -> None:
    _draw_box(pixels, view, face.box, colour)
    for point in face.landmarks.values():
        cv2.circle(pixels, _at(view, point), 1, colour, -1)


def _draw_box(pixels: RGB8, view: View, box: Box, colour: Colour) -> None:
    cv2.rectangle(pixels, _at(view, box.at(0, 0)), _at(view, box.at(1, 1)), colour, 1)


def _at(view: View, point: Point) -> tuple[int, int]:
    """Where a point of the picture is seen, in whole pixels of the view."""
    x, y = (
        view.offset[i] + (point[i] - view.origin[i]) * view.scale[i] for i in range(2)
    )  # fmt: skip
    return int(x), int(y)


def _at_higher(tally: Tally) -> str:
    share = f"{100 * tally.found / tally.faces:.1f} %, " if tally.faces else ""
    return f"{share}{tally.extra}"


def _told(one: SetOfPictures) -> dict[str, Any]:
    return {
        **{name: _rounded(value) for name, value in one.tally.figures().items()},
        "at_score": {
            f"{threshold:g}": {name: _rounded(value) for name, value in tally.figures().items()}
            for threshold, tally in one.higher.items()
        },
        "missed": one.missed,
        "other_finds": [
            {
                "file": extra.file,
                "box": [round(v, 1) for v in _corners(extra.box)],
                "score": round(extra.score, 3),
            }
            for extra in one.extras
        ],
    }


def _corners(box: Box) -> Sequence[float]:
    return (box.x, box.y, box.width, box.height)


def _rounded(value: float | int) -> float | int:
    return value if isinstance(value, int) else round(value, 4)


def _cell(key: str, figures: Mapping[str, float | int]) -> str:
    if key not in figures or (key == "false" and not figures["without_face"]):
        return ""
    value = figures[key]
    if key.endswith("share"):
        return f"{100 * value:.1f} %"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
