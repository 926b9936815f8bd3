"""`python -m trainer look FOLDER --out DIR`: what an editor makes of pictures, to look at.

For pictures that nobody has drawn twice, where there is no figure to measure: the largest face of
each, as it is and with each expression asked for, edited as the service edits it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from contract.control import strength
from contract.expression import CORE_EXPRESSIONS
from engines.onnx_engine import OnnxEngine
from faces.canvas import RGB8, Canvas
from faces.face import Face
from faces.letterbox import around
from trainer.command import CommandError, intensity, refusals_told
from trainer.data.pictures import SUFFIXES, read_canvas
from trainer.metrics.editors import Changer, open_editor, served_control
from trainer.metrics.finders import NetworkFinder
from trainer.metrics.whole import edit
from trainer.reports.sheets import captioned, write_sheet

TILE: Final = 192
"""Side of the square around a face, pixels."""

AROUND: Final = 1.7
"""How much of the picture is shown, in faces."""

ROWS: Final = 12
"""Pictures on a sheet."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("look", help="contact sheets of edits of a folder of pictures")
    parser.add_argument("folder", type=Path, help="folder of pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder of the sheets")
    parser.add_argument(
        "--repository", type=Path, default=Path("model_repository"), help="where the finder is"
    )
    parser.add_argument(
        "--model", type=Path, help="exported model or run (default: expression of the repository)"
    )
    parser.add_argument(
        "--expressions", nargs="+", default=list(CORE_EXPRESSIONS), metavar="NAME", help="which"
    )
    parser.add_argument("--intensity", type=intensity, default=1.0, help="0 to 1.5 (default: 1)")
    parser.set_defaults(run=run)


@refusals_told
def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    folder: Path = arguments.folder
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise CommandError(f"{folder} has no pictures; give a folder of PNG, JPEG or WebP")
    editor = open_editor(arguments.model or arguments.repository / "expression")
    engine = OnnxEngine(arguments.repository)
    rows: list[RGB8] = []
    without: list[str] = []
    try:
        finder = NetworkFinder(engine)
        for path in tqdm(files, unit="picture"):
            canvas = read_canvas(path)
            found = finder.find(canvas)
            if not found:
                without.append(path.name)
                continue
            face = max(found, key=lambda face: face.box.area)
            row = _row(editor, canvas, face, arguments.expressions, arguments.intensity)
            rows.append(captioned(row, f"{path.name} | {' | '.join(arguments.expressions)}"))
    finally:
        engine.close()
    if not rows:
        raise CommandError(f"no face was found in any picture of {folder}")
    for first in range(0, len(rows), ROWS):
        sheet = arguments.out / f"{folder.resolve().name}_{first // ROWS + 1:02}.png"
        write_sheet(sheet, rows[first : first + ROWS], 1)
    print(f"{len(rows)} faces in {arguments.out}; no face found in {', '.join(without) or 'none'}")
    return 0


def _row(
    editor: Changer, canvas: Canvas, face: Face, expressions: Sequence[str], intensity: float
) -> RGB8:
    """The face as it is and with each of the expressions, side by side."""
    pictures = [canvas.pixels]
    for name in expressions:
        control = served_control(editor, name, intensity)
        edited = edit(editor, canvas, face.landmarks, control, strength(intensity))
        pictures.append(edited.pixels)
    ground = editor.pixels.ground
    views = [around(Canvas(pixels), face.box, AROUND, TILE, ground) for pixels in pictures]
    return np.hstack([view.pixels for view in views])
