"""`python -m trainer evaluate RUN --data DIR --judge RUN`: an editor against held-out drawings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tqdm import tqdm

from trainer import provenance
from trainer.command import at_least, refusals_told
from trainer.data.dataset import Dataset, DatasetError
from trainer.data.redrawn import sitter
from trainer.distributed import pick_device
from trainer.metrics import intensity as intensities
from trainer.metrics import parameters as singles
from trainer.metrics import resolution as resolutions
from trainer.metrics.editing import measure
from trainer.metrics.editors import Changer, EditorError, ExportedEditor, TrainedEditor
from trainer.metrics.judging import TrainedJudge
from trainer.reports import editing, intensity, parameters, resolution
from trainer.reports.section import Section

WHOLE: Final = 24
"""How many characters are drawn again."""

_AGAIN: Final = "resolution, intensity and single parameters"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("evaluate", help="measure an editor on held-out drawings")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("editor", nargs="?", type=Path, help="folder of a run of an editing method")
    what.add_argument("--onnx", type=Path, help="folder of an exported model instead of a run")
    parser.add_argument("--data", type=Path, required=True, help="held-out drawings (see draw)")
    parser.add_argument("--judge", type=Path, help="run of the method judge; none: no accuracies")
    parser.add_argument(
        "--characters", type=at_least(1), default=1000, help="how many (default: 1000)"
    )
    parser.add_argument(
        "--rotate", action="store_true", help="six pairs of each character instead of all 36"
    )
    parser.add_argument(
        "--whole",
        type=at_least(0),
        default=WHOLE,
        help=f"how many are drawn again, for {_AGAIN}; 0: none (default: {WHOLE})",
    )
    parser.add_argument(
        "--batch", type=at_least(1), default=18, help="edits at a time (default: 18)"
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda, for runs (default: cpu)")
    parser.add_argument("--out", type=Path, help="folder of the report (default: in the run)")
    parser.set_defaults(run=run)


@refusals_told
def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    source: Path = arguments.onnx or arguments.editor
    if arguments.onnx and arguments.out is None:
        raise EditorError("say where the report of an exported model goes: --out DIR")
    dataset = Dataset.open(arguments.data)
    seeds = (int(dataset.labels.seeds.min()), int(dataset.labels.seeds.max()))
    checked = [
        provenance.check_held_out(run, seeds, str(arguments.data))
        for run in (arguments.editor, arguments.judge)
        if run is not None
    ]
    held_out = bool(checked) and all(checked) and arguments.onnx is None
    if not held_out:
        print("note: the seeds of the training data are not known here", file=sys.stderr)
    device = str(pick_device(arguments.device))
    editor: Changer = ExportedEditor(source) if arguments.onnx else TrainedEditor(source, device)
    judge = TrainedJudge(arguments.judge, device) if arguments.judge else None
    again = _to_draw_again(dataset, arguments)

    def progress(characters: Iterator[int]) -> Iterator[int]:
        return iter(tqdm(characters, total=arguments.characters, unit="character"))

    measured = measure(
        editor,
        judge,
        dataset,
        characters=arguments.characters,
        batch=arguments.batch,
        rotate=arguments.rotate,
        progress=progress,
    )
    out: Path = arguments.out or source / "evaluation"
    sections = _drawn_again(editor, judge, dataset, again, out)
    editing.write(
        out,
        measured,
        judged=judge is not None,
        measured_by=_command(arguments),
        facts={"data": dataset.folder.name, "seeds": list(seeds), "held_out_checked": held_out},
        sections=sections,
    )
    print((out / "evaluation.md").read_text(encoding="utf-8"))
    print(f"{out}")
    return 0


def _to_draw_again(dataset: Dataset, arguments: argparse.Namespace) -> int:
    """How many characters; 0, and a note before the long work begins, where they cannot be."""
    count: int = min(arguments.whole, arguments.characters)
    if count < 1:
        return 0
    try:
        sitter(dataset, 0)
    except DatasetError as error:
        print(f"note: without {_AGAIN}: {error}", file=sys.stderr)
        return 0
    return count


def _drawn_again(
    editor: Changer,
    judge: TrainedJudge | None,
    dataset: Dataset,
    count: int,
    out: Path,
) -> list[Section]:
    """What needs the characters at other sizes, and with other expressions; `count` of them."""
    if count < 1:
        return []

    def progress(of: str) -> Callable[[Iterator[int]], Iterator[int]]:
        return lambda characters: iter(tqdm(characters, total=count, unit=f"character, {of}"))

    resolved = resolutions.measure(
        editor, dataset, characters=count, progress=progress("resolution")
    )
    resolution.write_examples(out, resolved)
    risen = intensities.measure(
        editor, judge, dataset, characters=count, progress=progress("intensity")
    )
    sections = [resolution.section(resolved), intensity.section(risen)]
    if editor.labels is None:
        obeyed = singles.measure(
            editor, dataset, characters=count, progress=progress("single parameters")
        )
        sections.append(parameters.section(obeyed))
    return sections


def _command(arguments: argparse.Namespace) -> str:
    """The command, without the folders of this machine."""
    what = f"--onnx {arguments.onnx.name}" if arguments.onnx else arguments.editor.name
    judge = f" --judge {arguments.judge.name}" if arguments.judge else ""
    return (
        f"python -m trainer evaluate {what} --data {arguments.data.name}{judge} "
        f"--characters {arguments.characters}{' --rotate' if arguments.rotate else ''}"
        f"{f' --whole {arguments.whole}' if arguments.whole != WHOLE else ''}"
    )
