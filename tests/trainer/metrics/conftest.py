"""A data set with the six core expressions, and more, of characters made of bars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contract import expression
from contract.labels import ATTRIBUTES, LANDMARKS, TAGS
from trainer.data.dataset import Dataset, Labels, Writer

SHOWN = (*expression.CORE_EXPRESSIONS, "smug")


@pytest.fixture
def six(tmp_path: Path) -> Dataset:
    """3 characters, 7 views of 32 px (the six and smug); a bar's length says the expression."""
    with Writer(tmp_path / "six", views=len(SHOWN), size=32) as writer:
        for seed in range(100, 103):
            pictures = np.full((len(SHOWN), 32, 32, 3), 60 + seed, np.uint8)
            for view in range(len(SHOWN)):
                pictures[view, 12:20, 8 : 10 + 2 * view] = (200, 30, 40)
            writer.append(
                pictures,
                Labels(
                    vectors=np.stack([expression.preset(name) for name in SHOWN]),
                    presets=np.array([expression.EXPRESSIONS.index(name) for name in SHOWN]),
                    landmarks=np.zeros((len(SHOWN), len(LANDMARKS), 2), np.float32),
                    attributes=np.zeros((len(SHOWN), len(ATTRIBUTES)), np.float32),
                    hair=np.asarray(1),
                    eyes=np.asarray(2),
                    tags=np.zeros((len(SHOWN), len(TAGS)), np.uint8),
                    seeds=np.asarray(seed),
                ),
            )
    return Dataset.open(tmp_path / "six")
