"""Judge, tagger and reader learn what a data set shows, and refuse to start without one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from contract import expression
from contract.labels import ATTRIBUTES, LANDMARKS, TAGS
from trainer.data.dataset import DatasetError, Labels, Writer
from trainer.methods import registry
from trainer.recipe import read_recipe, recipe_from

SIDE = 32
CHARACTERS = 12
PRESETS = (0, 1, 4)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Grey squares whose place says the preset, and whose brightness the first tag."""
    draw = np.random.default_rng(0)
    folder = tmp_path / "data"
    with Writer(folder, views=len(PRESETS), size=SIDE) as writer:
        for who in range(CHARACTERS):
            pictures = draw.integers(100, 120, (len(PRESETS), SIDE, SIDE, 3), np.uint8)
            tags = np.zeros((len(PRESETS), len(TAGS)), np.uint8)
            tags[:, 0] = who % 2
            for view in range(len(PRESETS)):
                pictures[view, 4 + 9 * view : 10 + 9 * view, 8:24] = 255 if who % 2 else 0
            vectors = np.stack([expression.preset(expression.EXPRESSIONS[p]) for p in PRESETS])
            writer.append(
                pictures,
                Labels(
                    vectors=vectors,
                    presets=np.array(PRESETS),
                    landmarks=np.zeros((len(PRESETS), len(LANDMARKS), 2), np.float32),
                    attributes=np.zeros((len(PRESETS), len(ATTRIBUTES)), np.float32),
                    hair=np.array(who % 2),
                    eyes=np.array(3),
                    tags=tags,
                    seeds=np.array(who),
                ),
            )
    return folder


@pytest.mark.parametrize(
    ("name", "figure", "reached"),
    [("judge", "accuracy", 1.0), ("tagger", "error", 0.02), ("reader", "share", 0.45)],
)
def test_it_learns(name: str, figure: str, reached: float, data: Path) -> None:
    torch.manual_seed(0)
    settings = read_recipe(name).model_dump() | {
        "size": SIDE,
        "batch": 16,
        "network": {"widths": (8, 8, 16, 16)},
        "data": {"turn": 2.0, "scale": 0.02, "shift": 0.01},
    }
    method = registry.build(recipe_from(settings, "test"))
    source = method.source(data)
    figures = []
    for step in range(60):
        for phase in method.phases(step):
            optimiser = method.optimisers[phase.optimiser]
            optimiser.zero_grad()
            loss, shown = phase.loss(source.batch(step, 0, 1))
            loss.backward()
            optimiser.step()
            figures.append(float(shown[figure].detach()))
    start, end = np.mean(figures[:3]), np.mean(figures[-5:])
    assert (end >= reached > start) if name == "judge" else (end <= reached < start)


@pytest.mark.parametrize("name", ["judge", "tagger", "reader"])
def test_data_is_needed(name: str) -> None:
    with pytest.raises(DatasetError, match="--data"):
        registry.build(read_recipe(name)).source(None)


def test_samples_are_a_picture(data: Path) -> None:
    settings = read_recipe("judge").model_dump() | {"size": SIDE, "batch": 8}
    method = registry.build(recipe_from(settings, "test"))
    sheet = method.samples(method.source(data).batch(0, 0, 1), method.networks)
    assert tuple(sheet.shape) == (2 * SIDE, 4 * SIDE, 3)
    assert sheet.dtype == torch.uint8
