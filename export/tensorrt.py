"""`python -m export tensorrt`: a model's ONNX file to a TensorRT plan, held against onnxruntime.

The work is `trtexec`'s, which the Triton image brings: a plan fits one kind of GPU and one version
of TensorRT, so it is built where it will run, and never shipped. It lies beside model.onnx, with a
configuration that the server takes with `--model-config-name=plan`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from contract.card import Card, CardError, check_weights, read_card
from export import examples
from export.triton import OTHERS, PLAN, SERVING, config, shapes

Array = NDArray[np.float32]

IMAGE: Final = "nvcr.io/nvidia/tritonserver:24.10-py3"
TRTEXEC: Final = "/usr/src/tensorrt/bin/trtexec"
TOLERANCE: Final = {"fp32": 1e-3, "fp16": 2e-2}
"""Largest mean difference allowed in an output, in its own unit; one grey level is 8e-3."""
WORST: Final = 10.0
"""How many times the tolerance a single number may be off."""
_NOISE: Final = 2
"""Pictures of noise in the check, beside drawn ones."""
_LAST_LINES: Final = 5


class PlanError(RuntimeError):
    """No plan was made, or it is not right; nothing was put into the repository."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Per output, how far the plan is from onnxruntime: mean and largest difference of a batch."""

    mean: Mapping[str, float]
    largest: Mapping[str, float]

    def __str__(self) -> str:
        return ", ".join(
            f"{name} {self.mean[name]:.1e} (largest {self.largest[name]:.1e})" for name in self.mean
        )


def build(
    folder: Path,
    *,
    half: bool = False,
    trtexec: Sequence[str] | None = None,
    tolerance: float | None = None,
) -> Agreement:
    """Build the plan of the model in `folder`, check it, and put it beside model.onnx.

    `trtexec` is the command before its options, by default in the Triton image, with the folders of
    the model and of the exchange mounted where they are. Raises CardError, PlanError.
    """
    card = read_card(folder / "card.json")
    place = (folder / str(card.version)).resolve()
    try:
        weights = (place / "model.onnx").read_bytes()
    except OSError as error:
        raise CardError(f"{place / 'model.onnx'} cannot be read: {error}") from error
    check_weights(card, weights)
    allowed = tolerance or TOLERANCE["fp16" if half else "fp32"]
    with tempfile.TemporaryDirectory(prefix=f".{card.name}.", dir=folder) as beside:
        work = Path(beside).resolve()
        program = list(trtexec) if trtexec else _in_image(place, work)
        plan = work / PLAN
        _run([*program, *build_options(card, place / "model.onnx", plan, half=half)], plan)
        agreement = _compare(card, weights, program, plan, work)
        _judge(card, agreement, allowed)
        text = (folder / "card.json").read_text(encoding="utf-8")
        (folder / "configs").mkdir(exist_ok=True)
        stated = work / "plan.pbtxt"
        stated.write_text(config(card, text, "plan"), encoding="ascii")
        shutil.move(plan, place / PLAN)
        shutil.move(stated, folder / "configs" / "plan.pbtxt")
    return agreement


def build_options(card: Card, model: Path, plan: Path, *, half: bool) -> list[str]:
    """trtexec's options to build: one profile from a single picture to the largest batch."""
    largest = SERVING.get(card.task, OTHERS).max_batch
    return [
        f"--onnx={model}",
        f"--saveEngine={plan}",
        f"--minShapes={shapes(card, 1)}",
        f"--optShapes={shapes(card, largest)}",
        f"--maxShapes={shapes(card, largest)}",
        "--fp16" if half else "--noTF32",
        "--skipInference",
    ]


def run_options(
    card: Card, plan: Path, files: Mapping[str, Path], answer: Path, batch: int
) -> list[str]:
    """trtexec's options to run a plan once on a batch from files, and write what comes out."""
    return [
        f"--loadEngine={plan}",
        f"--shapes={shapes(card, batch)}",
        f"--loadInputs={','.join(f'{name}:{file}' for name, file in files.items())}",
        f"--exportOutput={answer}",
        "--iterations=1",
        "--warmUp=0",
        "--duration=0",
    ]


def _in_image(*folders: Path) -> list[str]:
    """trtexec in the Triton image, as the user who calls, without network."""
    mounts = [part for f in folders for part in ("--volume", f"{f}:{f}")]
    user = f"{os.getuid()}:{os.getgid()}"
    return [
        *("docker", "run", "--rm", "--gpus=all", "--network=none", "--user", user, *mounts),
        *("--entrypoint", TRTEXEC, IMAGE),
    ]


def _run(command: Sequence[str], made: Path) -> None:
    """Run trtexec; `made` is the file that it has to write. Raises PlanError."""
    try:
        ended = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except OSError as error:
        raise PlanError(
            f"{command[0]} cannot be started ({error.strerror}); say where trtexec is with "
            "--trtexec, or install docker"
        ) from error
    lines = ended.stdout.splitlines()
    # It says how it ended in its last line, and some versions exit with 0 in spite of errors.
    failed = ended.returncode != 0 or any(line.startswith("&&&& FAILED") for line in lines)
    if failed or not made.is_file() or made.stat().st_size == 0:
        errors = [line for line in lines if "[E]" in line] or lines
        told = "; ".join(line.strip() for line in errors[-_LAST_LINES:])
        raise PlanError(f"trtexec failed (exit code {ended.returncode}): {told or 'no output'}")


def _compare(
    card: Card, weights: bytes, program: Sequence[str], plan: Path, work: Path
) -> Agreement:
    """Run the plan and onnxruntime on the same inputs: the worst of all runs. Raises PlanError."""
    session = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
    names = [tensor.name for tensor in card.outputs]
    means: dict[str, list[float]] = {name: [] for name in names}
    largest: dict[str, list[float]] = {name: [] for name in names}
    for feed in _feeds(card):
        found = _answer(card, feed, program, plan, work)
        for name, right in zip(names, session.run(names, dict(feed)), strict=True):
            got = found.get(name)
            if got is None or got.size != right.size:
                raise PlanError(f"the plan gave no output {name} of {right.size} numbers")
            off = np.abs(got.reshape(right.shape) - right)
            means[name].append(float(off.mean()))
            largest[name].append(float(off.max()))
    # numpy's, since a NaN has to stay one.
    return Agreement(
        {name: float(np.max(values)) for name, values in means.items()},
        {name: float(np.max(values)) for name, values in largest.items()},
    )


def _feeds(card: Card) -> Iterator[dict[str, Array]]:
    """Noise; then drawn pictures with every preset, alone, as three, and in the largest batches."""
    draw = np.random.default_rng(0)
    yield {
        tensor.name: draw.uniform(-1, 1, (_NOISE, *tensor.shape[1:])).astype(np.float32)
        for tensor in card.inputs
    }
    given = {card.inputs[0].name: examples.drawn(card.task, card.inputs[0].shape[-1])}
    controls = examples.presets(card)
    if controls is not None:
        given[card.inputs[1].name] = controls
    sizes = itertools.chain((1, 3), itertools.repeat(SERVING.get(card.task, OTHERS).max_batch))
    seen = 0
    while seen < max(len(rows) for rows in given.values()):
        batch = seen + np.arange(next(sizes))
        yield {name: rows[batch % len(rows)] for name, rows in given.items()}
        seen += len(batch)


def _answer(
    card: Card, feed: Mapping[str, Array], program: Sequence[str], plan: Path, work: Path
) -> dict[str, Array]:
    """What the plan makes of `feed`. Raises PlanError."""
    files = {name: work / f"{name}.raw" for name in feed}
    for name, array in feed.items():
        files[name].write_bytes(array.tobytes())
    answer = work / "outputs.json"
    answer.unlink(missing_ok=True)
    batch = len(next(iter(feed.values())))
    _run([*program, *run_options(card, plan, files, answer, batch)], answer)
    return _outputs(answer)


def _outputs(path: Path) -> dict[str, Array]:
    """What trtexec exports: a list of {name, dimensions, values}. Raises PlanError."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {entry["name"]: np.array(entry["values"], np.float32) for entry in entries}
    except (ValueError, KeyError, TypeError) as error:
        raise PlanError(f"the outputs that trtexec wrote cannot be read: {error!r}") from error


def _judge(card: Card, agreement: Agreement, tolerance: float) -> None:
    """Raise PlanError where the plan is too far off; a NaN is."""
    for name, mean in agreement.mean.items():
        if not (mean <= tolerance and agreement.largest[name] <= WORST * tolerance):
            raise PlanError(
                f"the plan of {card.name} differs from its ONNX model by more than "
                f"{tolerance:.1e}: {agreement}; build it without --half"
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m export tensorrt",
        description="Build TensorRT plans, for the GPU of this machine, beside the ONNX models.",
    )
    parser.add_argument("models", nargs="*", help="names (default: all)")
    parser.add_argument("--repository", type=Path, default=Path("model_repository"))
    parser.add_argument("--half", action="store_true", help="compute in float16")
    parser.add_argument("--tolerance", type=float, help="largest mean difference of an output")
    parser.add_argument(
        "--trtexec", help=f"the command (default: {TRTEXEC} in the image {IMAGE}, with docker)"
    )
    given = parser.parse_args(arguments)
    names = given.models or sorted(p.parent.name for p in given.repository.glob("*/card.json"))
    program = shlex.split(given.trtexec) if given.trtexec else None
    try:
        for name in names:
            agreement = build(
                given.repository / name,
                half=given.half,
                trtexec=program,
                tolerance=given.tolerance,
            )
            print(f"{name}: {PLAN} agrees with onnxruntime: {agreement}", flush=True)
    except (CardError, PlanError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
