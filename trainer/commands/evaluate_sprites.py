"""`python -m trainer evaluate-sprites FOLDER --out DIR`: an editor against artists' own drawings.

FOLDER holds characters that artists have drawn with several expressions (see
`trainer.data.sprite_sets`). Each drawing is changed into every other expression that the artist
drew, as the service would change it, and laid beside the artist's.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from typing import Final

from tqdm import tqdm

from engines.onnx_engine import OnnxEngine
from faces.canvas import Canvas
from faces.face import Face
from trainer.command import intensity, refusals_told
from trainer.data.pictures import read_canvas
from trainer.data.sprite_sets import SpriteSet, read_sprite_sets
from trainer.metrics.editors import Changer, open_editor
from trainer.metrics.finders import NetworkFinder
from trainer.metrics.sprites import SpriteFigures, compare
from trainer.reports import sprites

OURS: Final = "ours"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "evaluate-sprites", help="measure an editor against what artists drew"
    )
    parser.add_argument("folder", type=Path, help="folder with a folder per character")
    parser.add_argument("--out", type=Path, required=True, help="folder of the report")
    parser.add_argument(
        "--repository", type=Path, default=Path("model_repository"), help="where the finder is"
    )
    parser.add_argument(
        "--model", type=Path, help="exported model or run (default: expression of the repository)"
    )
    parser.add_argument("--against", type=Path, help="another one, to compare with")
    parser.add_argument("--intensity", type=intensity, default=1.0, help="0 to 1.5 (default: 1)")
    parser.set_defaults(run=run)


@refusals_told
def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    sets = read_sprite_sets(arguments.folder)
    model: Path = arguments.model or arguments.repository / "expression"
    editors: dict[str, Changer] = {OURS: open_editor(model)}
    if arguments.against:
        editors[arguments.against.name] = open_editor(arguments.against)
    engine = OnnxEngine(arguments.repository)
    try:
        finder = NetworkFinder(engine)
        figures = SpriteFigures()
        for one in tqdm(sets, unit="character"):
            _compare_all(one, editors, finder, arguments.intensity, figures)
    finally:
        engine.close()
    out: Path = arguments.out
    sprites.write(
        out,
        figures,
        measured_by=_command(arguments),
        facts={"model": model.name, "intensity": arguments.intensity},
    )
    print((out / "sprites.md").read_text(encoding="utf-8"))
    print(f"{out}")
    return 0


def _compare_all(
    one: SpriteSet,
    editors: Mapping[str, Changer],
    finder: NetworkFinder,
    intensity: float,
    figures: SpriteFigures,
) -> None:
    """Every ordered pair of drawings of one character."""
    drawn: dict[str, Canvas] = {}
    faces: dict[str, Face] = {}
    for name, path in one.drawings.items():
        drawn[name] = read_canvas(path)
        found = finder.find(drawn[name])
        if found:
            faces[name] = max(found, key=lambda face: face.box.area)
        else:
            figures.not_found.append(f"{one.character} {name}")
    for pair in permutations(one.drawings, 2):
        before, truth = (drawn[name] for name in pair)
        if before.pixels.shape[:2] != truth.pixels.shape[:2]:
            figures.other_size.append(f"{one.character} {pair[0]} to {pair[1]}")
        elif pair[0] in faces:
            landmarks = faces[pair[0]].landmarks
            figures.compared.append(
                compare(editors, one.character, pair, before, truth, landmarks, intensity)
            )


def _command(arguments: argparse.Namespace) -> str:
    """The command, without the folders of this machine."""
    model = f" --model {arguments.model.name}" if arguments.model else ""
    against = f" --against {arguments.against.name}" if arguments.against else ""
    return f"python -m trainer evaluate-sprites {arguments.folder.name}{model}{against}"
