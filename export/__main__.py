"""`python -m export RUN`: a trained run into the model repository, once it is verified."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from contract.card import Card, read_card
from export import batches, configure, convert, examples, repository, runs, tensorrt
from export.verify import TOLERANCE, Array, verify
from trainer.command import refusals_told
from trainer.data.dataset import Dataset
from trainer.data.scenes import open_scenes

_OTHERS: Final = {
    "batches": batches.main,
    "configure": configure.main,
    "tensorrt": tensorrt.main,
}


def export(
    run: Path,
    to: Path,
    *,
    name: str | None = None,
    quality: Path | None = None,
    data: Path | None = None,
    half: bool = False,
    tolerance: float = TOLERANCE,
    next_version: bool = False,
) -> Path:
    """Export the run in folder `run` to the repository `to`; returns the model's folder.

    The ONNX model is held against the network on random pictures, on the drawings of the data set
    `data` when it is given, and on every preset; beyond `tolerance` nothing is written.
    Raises ExportError, ConversionError, VerificationError, CheckpointError, DatasetError.
    """
    subject = runs.subject(run)
    chosen = runs.valid_name(name or subject.default_name)
    figures = runs.quality(_read_json(quality)) if quality else ()
    drawn = _drawn(data, subject.pixels.size) if data else None
    if half:
        convert.halve(subject.module)
    weights = convert.to_onnx(subject.module, subject.inputs, subject.outputs, half=half)
    card = Card(
        name=chosen,
        version=_version(to / chosen) if next_version else 1,
        task=subject.task,
        description=subject.description,
        inputs=subject.inputs,
        outputs=subject.outputs,
        pixels=subject.pixels,
        alignment=subject.alignment,
        labels=subject.labels,
        attributes=subject.attributes,
        control=subject.control,
        licence=runs.LICENCE,
        provenance=subject.provenance,
        quality=figures,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
    )
    agreement = verify(
        subject.module,
        weights,
        subject.inputs,
        subject.outputs,
        pictures=drawn,
        controls=examples.presets(card),
        tolerance=tolerance,
    )
    print(f"{agreement} (tolerance {tolerance:.1e})")
    return repository.place(to, card, weights)


@refusals_told
def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in _OTHERS:
        return _OTHERS[words[0]](words[1:])
    parser = argparse.ArgumentParser(
        prog="python -m export",
        description="Export a trained run into the model repository. Other commands: "
        f"{', '.join(_OTHERS)}.",
    )
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--repository", type=Path, default=Path("model_repository"))
    parser.add_argument("--name", help="name of the model (default: by its task)")
    parser.add_argument("--quality", type=Path, help="evaluation.json whose figures the card takes")
    parser.add_argument("--data", type=Path, help="data set whose drawings take part in the check")
    parser.add_argument("--half", action="store_true", help="store weights as float16")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    parser.add_argument(
        "--next-version",
        action="store_true",
        help="one above the model that lies there, which stays for servers to change over",
    )
    given = parser.parse_args(words)
    folder = export(
        given.run,
        given.repository,
        name=given.name,
        quality=given.quality,
        data=given.data,
        half=given.half,
        tolerance=given.tolerance,
        next_version=given.next_version,
    )
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{folder}: {size / 1e6:.1f} MB")
    return 0


def _version(model: Path) -> int:
    """One above the version that lies in `model`; 1 where nothing does. Raises CardError."""
    return read_card(model / "card.json").version + 1 if model.exists() else 1


def _drawn(data: Path, size: int) -> Array:
    """The first drawings of a data set or of scenes at the model's size, [M,3,S,S] in [-1,1]."""
    if (data / "scenes.json").exists():
        pictures = np.array(open_scenes(data).pictures[: examples.DRAWN])
    else:
        dataset = Dataset.open(data)
        pictures = np.array(dataset.pictures[: max(1, examples.DRAWN // dataset.views)])
        pictures = pictures.reshape(-1, *pictures.shape[2:])[: examples.DRAWN]
    return examples.as_tensor(pictures, size)


def _read_json(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise runs.ExportError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise runs.ExportError(f"{path} is no evaluation; make one with `trainer evaluate`")
    return content


if __name__ == "__main__":
    sys.exit(main())
