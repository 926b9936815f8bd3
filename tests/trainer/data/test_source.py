"""Batches of pairs: functions of (seed, step), true pictures, exact controls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from contract import expression
from contract.card import ParameterSpec
from contract.control import encode
from trainer.data.dataset import Dataset, DatasetError
from trainer.data.mirror import flip_vectors
from trainer.data.source import PairSource, controls, scaled, to_tensor


@pytest.fixture
def plain(drawn: Path) -> PairSource:
    return PairSource(
        Dataset.open(drawn), 8, seed=3, size=32, augment=(), flip=False, identity=0.0, set_more=0.0
    )


def test_a_batch_is_a_function_of_seed_and_step(drawn: Path) -> None:
    first, again = (PairSource(Dataset.open(drawn), 8, seed=3, size=32) for _ in range(2))
    first.batch(1, 0, 1)
    one, other = first.batch(7, 0, 1), again.batch(7, 0, 1)
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name
    assert not torch.equal(one["source"], first.batch(8, 0, 1)["source"])
    assert not torch.equal(one["source"], replace(first, seed=4).batch(7, 0, 1)["source"])


def test_processes_share_the_rows_of_one_batch(drawn: Path) -> None:
    source = PairSource(Dataset.open(drawn), 8, seed=3, size=32)
    whole = source.batch(5, 0, 1)
    parts = [source.batch(5, rank, 4) for rank in range(4)]
    for name, tensor in whole.items():
        assert torch.equal(tensor, torch.cat([part[name] for part in parts])), name
    with pytest.raises(ValueError, match="cannot be shared"):
        source.batch(5, 0, 3)


def test_pairs_are_two_drawings_of_one_character(plain: PairSource) -> None:
    batch = plain.batch(0, 0, 1)
    for row in range(8):
        who, i = _find(plain.dataset, batch["source"][row])
        same, j = _find(plain.dataset, batch["target"][row])
        assert who == same
        assert i != j
        labels = plain.dataset.labels
        np.testing.assert_array_equal(batch["source_vector"][row], labels.vectors[who, i])
        np.testing.assert_array_equal(batch["target_vector"][row], labels.vectors[who, j])
        assert int(batch["source_label"][row]) == labels.presets[who, i]
        assert int(batch["target_label"][row]) == labels.presets[who, j]


def test_a_flip_mirrors_pictures_and_vectors(plain: PairSource) -> None:
    straight, maybe = plain.batch(0, 0, 1), replace(plain, flip=True).batch(0, 0, 1)
    flipped = 0
    vectors = {tuple(v) for v in flip_vectors(plain.dataset.labels.vectors).reshape(-1, 31)}
    for row in range(8):
        if _known(plain.dataset, maybe["source"][row]):
            continue
        flipped += 1
        who, i = _find(plain.dataset, maybe["source"][row].flip(-1))
        expected = flip_vectors(plain.dataset.labels.vectors[who, i])
        np.testing.assert_array_equal(maybe["source_vector"][row], expected)
        assert tuple(maybe["target_vector"][row].numpy()) in vectors
    assert 0 < flipped < 8
    assert straight["source"].shape == maybe["source"].shape


def test_identity_pairs_set_at_most_what_the_drawing_shows(plain: PairSource) -> None:
    nothing = replace(plain, identity=1.0).batch(0, 0, 1)
    assert torch.equal(nothing["source"], nothing["target"])
    assert not nothing["control"].any()
    batch = replace(plain, identity=1.0, set_more=1.0).batch(0, 0, 1)
    assert torch.equal(batch["source"], batch["target"])
    value, chosen = batch["control"].chunk(2, 1)
    assert chosen.any(1).sum() >= 4
    torch.testing.assert_close(value, scaled(batch["source_vector"]) * chosen)


def test_landmarks_go_with_the_pictures(plain: PairSource) -> None:
    labels = plain.dataset.labels
    batch = plain.batch(0, 0, 1)
    middle = replace(plain, window=16).batch(0, 0, 1)
    assert torch.equal(middle["target"], batch["target"][..., 8:24, 8:24])
    np.testing.assert_allclose(
        16 * middle["target_landmarks"] + 8, 32 * batch["target_landmarks"], atol=1e-5
    )
    for row in range(8):
        expected = labels.landmarks[_find(plain.dataset, batch["target"][row])] / 32
        np.testing.assert_allclose(batch["target_landmarks"][row], expected, atol=1e-6)


def test_the_control_is_that_of_the_contract(plain: PairSource) -> None:
    specs = tuple(
        ParameterSpec(name=p.name, low=p.low, high=p.high, neutral=p.neutral)
        for p in expression.PARAMETERS
    )
    batch = plain.batch(0, 0, 1)
    for row in range(8):
        source, target = batch["source_vector"][row], batch["target_vector"][row]
        moved = {
            name: float(value)
            for name, value, old in zip(expression.NAMES, target, source, strict=True)
            if value != old
        }
        assert moved
        np.testing.assert_allclose(batch["control"][row], encode(specs, moved), atol=1e-6)


def test_more_may_be_set_at_the_value_that_the_face_has() -> None:
    source, target = expression.preset("happy"), expression.preset("happy")
    target[0] = 0.5
    asked = np.ones(31, np.bool_)
    control = controls(source, target, asked)
    assert control[31:].tolist() == [1.0] * 31
    np.testing.assert_allclose(control[:31], scaled(torch.from_numpy(target)), atol=1e-6)
    assert controls(source, target)[31:].tolist() == [1.0] + [0.0] * 30


def test_set_more_sets_more(plain: PairSource) -> None:
    exact = sum(plain.batch(s, 0, 1)["control"][:, 31:].sum() for s in range(4))
    more = sum(
        replace(plain, set_more=1.0).batch(s, 0, 1)["control"][:, 31:].sum() for s in range(4)
    )
    assert more > exact


def test_what_is_unset_is_never_set_unless_it_differs(plain: PairSource) -> None:
    unset = [expression.INDEX[name] for name in expression.DRAWN]
    same = replace(plain, identity=1.0, set_more=1.0)
    for source, some in ((replace(same, unset=expression.DRAWN), False), (same, True)):
        chosen = torch.cat([source.batch(step, 0, 1)["control"][:, 31:] for step in range(4)])
        assert bool(chosen[:, unset].any()) is some
        rest = np.delete(chosen.numpy(), unset, axis=1)
        assert rest.any(0).all()


def test_pictures_are_reduced_by_area(plain: PairSource) -> None:
    whole, half = plain.batch(0, 0, 1), replace(plain, size=16).batch(0, 0, 1)
    assert half["source"].shape == (8, 3, 16, 16)
    expected = torch.nn.functional.avg_pool2d(whole["source"], 2)
    torch.testing.assert_close(half["source"], expected, atol=1.01 / 127.5, rtol=0)


def test_labelled_keeps_to_named_expressions(drawn: Path) -> None:
    data = Dataset.open(drawn)
    assert (data.labels.presets == -1).any()
    source = PairSource(data, 16, seed=1, size=32, labelled=True)
    batch = source.batch(0, 0, 1)
    assert (batch["source_label"] >= 0).all()
    assert (batch["target_label"] >= 0).all()


def test_unusable_settings_are_named(drawn: Path) -> None:
    with pytest.raises(DatasetError, match="64"):
        PairSource(Dataset.open(drawn), 8, seed=1, size=64)


def test_tensors_span_minus_one_to_one() -> None:
    pictures = np.array([[[[0, 255, 51]]]], np.uint8)
    torch.testing.assert_close(to_tensor(pictures).flatten(), torch.tensor([-1.0, 1.0, -0.6]))


def _known(data: Dataset, picture: torch.Tensor) -> bool:
    return bool(_matches(data, picture).any())


def _find(data: Dataset, picture: torch.Tensor) -> tuple[int, int]:
    ((who, view),) = np.argwhere(_matches(data, picture)).tolist()
    return who, view


def _matches(data: Dataset, picture: torch.Tensor) -> np.ndarray:
    pixels = ((picture + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return (data.pictures == pixels).all(axis=(2, 3, 4))


def test_targets_may_be_drawings_of_a_name(plain: PairSource) -> None:
    source = replace(plain, towards_named=1.0)
    labels = [int(label) for step in range(8) for label in source.batch(step, 0, 1)["target_label"]]
    assert min(labels) >= 0
    free = [int(label) for step in range(8) for label in plain.batch(step, 0, 1)["target_label"]]
    assert min(free) == -1


def test_targets_may_be_the_nearest_drawings(plain: PairSource) -> None:
    source = replace(plain, towards_near=1.0, towards_named=1.0)
    vectors = plain.dataset.labels.vectors
    for step in range(4):
        batch = source.batch(step, 0, 1)
        for row in range(8):
            who, i = _find(plain.dataset, batch["source"][row])
            others = np.delete(vectors[who], i, axis=0)
            fewest = (np.abs(others - vectors[who, i]) > 1e-3).sum(1).min()
            assert batch["control"][row, 31:].sum() == fewest
