"""`python -m benchmarks.networks`: the served network beside the generator that the papers tune.

StarGAN's generator at 128 px (Choi et al. 2018: 64 wide, 6 residual blocks, 5 domains) and the
network of the repository, both as ONNX on one engine, take turns in one run. Weights are random:
only time is measured.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from benchmarks import command
from contract.alignment import TEMPLATE
from contract.card import Alignment, Card, CardError, OneHot, Pixels, Provenance, Tensor
from engines.cores import usable_cores
from engines.onnx_engine import OnnxEngine
from engines.protocol import Array, EngineError
from engines.repository import read_repository
from export.convert import to_onnx
from export.repository import place
from trainer.networks.decoder_control import Residual

PARAMETERS: Final = 8_430_528
"""Of StarGAN's generator with 5 domains, in the public code."""

_DOMAINS: Final = ("neutral", "happy", "sad", "crying", "angry")
_SIZE: Final = 128


class Stargan(nn.Module):
    """StarGAN's generator: picture and domain, one number a pixel and domain, to a picture."""

    def __init__(self, domains: int = len(_DOMAINS), width: int = 64, residuals: int = 6) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3 + domains, width, 7, padding=3, bias=False)]
        layers += _normed(width)
        for side in (width, 2 * width):
            layers += [nn.Conv2d(side, 2 * side, 4, 2, 1, bias=False), *_normed(2 * side)]
        layers += [Residual(4 * width) for _ in range(residuals)]
        for side in (4 * width, 2 * width):
            layers += [nn.ConvTranspose2d(side, side // 2, 4, 2, 1, bias=False)]
            layers += _normed(side // 2)
        layers += [nn.Conv2d(width, 3, 7, padding=3, bias=False), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, image: torch.Tensor, control: torch.Tensor) -> torch.Tensor:
        """image [N,3,S,S] in [-1,1], S a multiple of 4, and control [N,domains] to [N,3,S,S]."""
        everywhere = control[:, :, None, None].expand(-1, -1, *image.shape[2:])
        changed: torch.Tensor = self.layers(torch.cat((image, everywhere), 1))
        return changed


def _normed(width: int) -> list[nn.Module]:
    return [nn.InstanceNorm2d(width, affine=True), nn.ReLU(inplace=True)]


@dataclass(frozen=True)
class Network:
    """Medians over all runs of one picture, in milliseconds."""

    name: str
    size: int
    wall_ms: float
    cpu_ms: float


def stargan() -> tuple[Card, bytes]:
    """Card and ONNX of the generator, with random weights."""
    torch.manual_seed(0)
    module = Stargan()
    count = sum(weight.numel() for weight in module.parameters())
    assert count == PARAMETERS, f"this is another generator: {count:,} parameters"
    picture = (-1, 3, _SIZE, _SIZE)
    inputs = (Tensor(name="image", shape=picture), Tensor(name="control", shape=(-1, 5)))
    outputs = (Tensor(name="paint", shape=picture),)
    weights = to_onnx(module, inputs, outputs)
    card = Card(
        name="stargan",
        task="edit_expression",
        description="StarGAN's generator, to be timed: its weights are random.",
        inputs=inputs,
        outputs=outputs,
        pixels=Pixels(size=_SIZE),
        alignment=Alignment(points=dict(TEMPLATE)),
        labels=_DOMAINS,
        control=OneHot(),
        licence="Apache-2.0",
        provenance=Provenance(
            recipe="none", data="none", seed=0, revision="none", pictures_seen=0, libraries={}
        ),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
    )
    return card, weights


def measure(repository: Path, name: str, *, threads: int, repeats: int) -> tuple[Network, Network]:
    """StarGAN's generator and the model `name` of `repository`, run in turns on one engine.

    Raises CardError where there is no such model, and EngineError.
    """
    stored = read_repository(repository)
    if name not in stored.models:
        known = ", ".join(sorted(stored.models)) or "none"
        raise CardError(f"{repository} has no model {name}; there are: {known}")
    served = stored.models[name]
    with tempfile.TemporaryDirectory() as folder:
        both = Path(folder)
        theirs, weights = stargan()
        place(both, theirs, weights)
        place(both, served.card, served.weights())
        engine = OnnxEngine(both, threads=threads)
        try:
            first, second = _in_turns(engine, (theirs, served.card), repeats)
        finally:
            engine.close()
    return first, second


def _in_turns(engine: OnnxEngine, cards: Sequence[Card], repeats: int) -> list[Network]:
    inputs = {card.name: _inputs(card) for card in cards}
    for card in cards:
        engine.run(card.name, inputs[card.name])  # the first pays for what later ones share
    wall: dict[str, list[float]] = {card.name: [] for card in cards}
    cpu: dict[str, list[float]] = {card.name: [] for card in cards}
    for _ in range(repeats):
        for card in cards:
            begun, before = time.perf_counter(), time.process_time()
            engine.run(card.name, inputs[card.name])
            wall[card.name].append(1e3 * (time.perf_counter() - begun))
            cpu[card.name].append(1e3 * (time.process_time() - before))
    medians = statistics.median
    return [
        Network(card.name, card.pixels.size, medians(wall[card.name]), medians(cpu[card.name]))
        for card in cards
    ]


def _inputs(card: Card) -> dict[str, Array]:
    """One picture and control, the same for every run."""
    rng = np.random.default_rng(0)
    return {
        tensor.name: rng.uniform(-1, 1, (1, *tensor.shape[1:])).astype(np.float32)
        for tensor in card.inputs
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = command.parser("benchmarks.networks", __doc__, edits=False)
    parser.add_argument("--model", default="expression")
    parser.add_argument("--threads", type=int, default=usable_cores(), help="of a model's run")
    parser.add_argument("--repeats", type=int, default=40)
    given = parser.parse_args(arguments)
    try:
        theirs, ours = measure(
            given.model_repository, given.model, threads=given.threads, repeats=given.repeats
        )
    except (OSError, CardError, EngineError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{given.threads} thread(s) a model run; medians of {given.repeats} runs of one picture")
    print(f"{'network':<12} {'px':>4} {'wall ms':>9} {'CPU ms':>9}")
    for one in (theirs, ours):
        print(f"{one.name:<12} {one.size:>4} {one.wall_ms:>9.1f} {one.cpu_ms:>9.1f}")
    ratios = {"wall": theirs.wall_ms / ours.wall_ms, "cpu": theirs.cpu_ms / ours.cpu_ms}
    print(
        f"times as fast: {ratios['wall']:.1f} by wall time, {ratios['cpu']:.1f} by processor time"
    )
    report = {
        "threads": given.threads,
        "repeats": given.repeats,
        "stargan_parameters": PARAMETERS,
        "networks": [asdict(theirs), asdict(ours)],
        "times_as_fast": ratios,
    }
    command.write_report(given.out, report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
