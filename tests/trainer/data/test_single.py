"""Single drawings with labels: a pure function of seed and step, mirrored with their labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from contract import expression
from contract.labels import ATTRIBUTES, LANDMARKS, TAGS
from trainer.data.dataset import Dataset, DatasetError, Labels, Writer
from trainer.data.single import SingleSource


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Four characters, each of one colour and white on the left; all wink with their right eye."""
    with Writer(tmp_path / "data", views=2, size=16) as writer:
        for who in range(4):
            pictures = np.full((2, 16, 16, 3), 40 * who, np.uint8)
            pictures[:, :, :8] = 255
            writer.append(
                pictures,
                Labels(
                    vectors=np.stack([expression.preset("wink")] * 2),
                    presets=np.full(2, expression.EXPRESSIONS.index("wink")),
                    landmarks=np.zeros((2, len(LANDMARKS), 2), np.float32),
                    attributes=np.full((2, len(ATTRIBUTES)), who / 4, np.float32),
                    hair=np.array(who),
                    eyes=np.array(who + 1),
                    tags=np.full((2, len(TAGS)), who % 2, np.uint8),
                    seeds=np.array(who),
                ),
            )
    return Dataset.open(tmp_path / "data")


def test_labels_belong_to_pictures(dataset: Dataset) -> None:
    batch = SingleSource(dataset, 32, seed=1, size=16).batch(0, 0, 1)
    right = expression.INDEX["lid_upper_right"]
    left = expression.INDEX["lid_upper_left"]
    mirrored = batch["image"][:, 0, 0, 15] == 1
    assert 4 < int(mirrored.sum()) < 28
    dark = torch.where(mirrored, batch["image"][:, 0, 0, 0], batch["image"][:, 0, 0, 15])
    who = ((dark + 1) * 127.5 / 40).round().long()
    assert torch.equal(batch["hair"], who)
    assert torch.equal(batch["eyes"], who + 1)
    assert torch.equal(batch["tags"][:, 0], (who % 2).float())
    assert torch.allclose(batch["attributes"][:, 0], who / 4)
    shut = torch.where(mirrored, batch["vector"][:, left], batch["vector"][:, right])
    assert torch.equal(shut, torch.zeros(32))


def test_ranks_share_the_batch_of_one_process(dataset: Dataset) -> None:
    source = SingleSource(dataset, 8, seed=1, size=16)
    whole = source.batch(3, 0, 1)
    halves = [source.batch(3, rank, 2) for rank in range(2)]
    for name, tensor in whole.items():
        assert torch.equal(tensor, torch.cat([half[name] for half in halves]))
    assert not torch.equal(whole["image"], source.batch(4, 0, 1)["image"])


def test_pictures_are_reduced_but_never_enlarged(dataset: Dataset) -> None:
    assert SingleSource(dataset, 2, seed=1, size=8).batch(0, 0, 1)["image"].shape == (2, 3, 8, 8)
    with pytest.raises(DatasetError, match="lower `size`"):
        SingleSource(dataset, 2, seed=1, size=32)
