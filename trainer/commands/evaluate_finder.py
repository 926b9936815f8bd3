"""`python -m trainer evaluate-finder FOLDER --out DIR`: finders side by side on known faces.

FOLDER holds pictures and `annotations.json` (see `trainer.data.annotated`). Drawn scenes, where
every landmark is known, and drawn grounds without anybody come on top.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tqdm import tqdm

from contract.assets import asset_path
from engines.onnx_engine import OnnxEngine
from faces.canvas import Canvas
from faces.find import THRESHOLD
from trainer.command import at_least, between, refusals_told
from trainer.data.annotated import FILE, Annotations, Mark, read_annotations
from trainer.data.known import grounds, scenes
from trainer.data.pictures import read_canvas
from trainer.metrics.finders import Cascade, CleanedCascade, Finder, NetworkFinder
from trainer.reports import finding
from trainer.reports.finding import SetOfPictures

FIRST_SEED: Final = 900_000
"""Drawn pictures begin here: far above the seeds that the shipped finder learnt from."""

SHOWN: Final = 60
"""So many drawn pictures go on a sheet."""

Item = tuple[str, str, Canvas, tuple[Mark, ...]]
"""Set, file, picture, faces that are there."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "evaluate-finder", help="measure finders where it is known where faces are"
    )
    parser.add_argument("folder", type=Path, help=f"folder of pictures with {FILE}")
    parser.add_argument("--out", type=Path, required=True, help="folder of the report")
    parser.add_argument(
        "--repository", type=Path, default=Path("model_repository"), help="where the network is"
    )
    parser.add_argument("--cascade", type=Path, help="file of the LBP cascade (default: fetched)")
    parser.add_argument(
        "--threshold", type=between(0.0, 1.0), default=THRESHOLD, help="of the network's heat"
    )
    parser.add_argument(
        "--grounds", type=at_least(0), default=300, help="drawn pictures without a face"
    )
    parser.add_argument(
        "--scenes", type=at_least(0), default=200, help="drawn scenes with known landmarks"
    )
    parser.add_argument(
        "--size", type=at_least(16), default=512, help="side of drawn pictures, pixels"
    )
    parser.add_argument(
        "--first-seed", type=at_least(0), default=FIRST_SEED, help="of drawn pictures; held out"
    )
    parser.set_defaults(run=run)


@refusals_told
def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    annotations = read_annotations(arguments.folder)
    engine = OnnxEngine(arguments.repository)
    try:
        cascade = arguments.cascade or asset_path("lbpcascade_animeface.xml")
        finders: list[Finder] = [
            NetworkFinder(engine, arguments.threshold),
            Cascade(cascade),
            CleanedCascade(cascade),
        ]
        report: dict[str, dict[str, SetOfPictures]] = {finder.name: {} for finder in finders}
        total = sum(map(len, annotations.values())) + arguments.grounds + arguments.scenes
        for name, file, canvas, marks in tqdm(
            _items(arguments, annotations), total=total, unit="picture"
        ):
            for finder in finders:
                one = report[finder.name].setdefault(name, SetOfPictures())
                shown = name in annotations or one.tally.pictures < SHOWN
                one.add(file, canvas, marks, finder.find(canvas), shown=shown)
    finally:
        engine.close()
    out: Path = arguments.out
    finding.write(
        out,
        report,
        measured_by=_command(arguments),
        facts={"threshold": arguments.threshold, "first_seed": arguments.first_seed},
    )
    print((out / "finders.md").read_text(encoding="utf-8"))
    print(f"{out}")
    return 0


def _items(arguments: argparse.Namespace, annotations: Annotations) -> Iterator[Item]:
    for name, files in annotations.items():
        for file, marks in files.items():
            yield name, file, read_canvas(arguments.folder / file), marks
    first, size = arguments.first_seed, arguments.size
    for i, (canvas, marks) in enumerate(scenes(first, arguments.scenes, size)):
        yield "drawn_scenes", f"scene {first + i}", canvas, marks
    for i, canvas in enumerate(grounds(first, arguments.grounds, size)):
        yield "drawn_grounds", f"ground {first + i}", canvas, ()


def _command(arguments: argparse.Namespace) -> str:
    """The command, without the folders of this machine."""
    return (
        f"python -m trainer evaluate-finder {arguments.folder.name} "
        f"--scenes {arguments.scenes} --grounds {arguments.grounds} --size {arguments.size}"
    )
