"""A small data set that stands for drawings, and a recipe that trains on it in seconds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from contract import expression
from contract.labels import ATTRIBUTES, LANDMARKS, TAGS
from trainer.data.dataset import Labels, Writer

TINY = """
method = "decoder_control"
size = 32
batch = 4
steps = 8
learning_rate = 1e-3
betas = [0.5, 0.999]
schedule = "linear_half"
checkpoint_every = 2
samples_every = 100
log_every = 1

[network]
control = "vector"
width = 4
mapping = 8
information = 8
discriminator_width = 4
discriminator_layers = 3
critic_steps = 2

[weights]
contextual = 0.0
paired = 10.0
"""


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """5 characters, 5 views of 32 px; a face's mouth is a bar as long as `mouth_open` says."""
    folder = tmp_path_factory.mktemp("data") / "drawn"
    random = np.random.default_rng(11)
    with Writer(folder, views=5, size=32) as writer:
        for seed in range(5):
            blocks = random.integers(80, 256, (4, 4, 3), np.uint8)
            skin = np.asarray(cv2.resize(blocks, (32, 32)), np.uint8)
            names = random.choice(len(expression.EXPRESSIONS), 4, replace=False)
            vectors = [expression.preset(expression.EXPRESSIONS[n]) for n in names]
            free = expression.LOW + random.random(31, np.float32) * (
                expression.HIGH - expression.LOW
            )
            vectors.append(np.clip(free, expression.LOW, expression.HIGH))
            pictures = np.stack([skin] * 5)
            points = np.tile(random.uniform(4, 28, (len(LANDMARKS), 2)), (5, 1, 1))
            for view, vector in enumerate(vectors):
                opening = 2 + int(12 * vector[expression.INDEX["mouth_open"]])
                pictures[view, 20 : 20 + opening // 2, 8 : 8 + opening] = (160, 30, 40)
                points[view, LANDMARKS.index("mouth_right")] = (8 + opening, 20.5)
                points[view, LANDMARKS.index("mouth_left")] = (8, 20.5)
                pictures[view, 2 + view, 3] = 0  # no two views are alike
            writer.append(
                pictures,
                Labels(
                    vectors=np.stack(vectors),
                    presets=np.array([*names, -1]),
                    landmarks=points.astype(np.float32),
                    attributes=np.zeros((5, len(ATTRIBUTES)), np.float32),
                    hair=np.asarray(seed),
                    eyes=np.asarray(seed),
                    tags=np.zeros((5, len(TAGS)), np.uint8),
                    seeds=np.asarray(seed),
                ),
            )
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The path of a recipe file, `tiny.toml`: decoder control with a few channels."""
    path = tmp_path / "tiny.toml"
    path.write_text(TINY, encoding="utf-8")
    return path
