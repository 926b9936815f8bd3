"""Chance: what numpy's `choice` and `uniform` draw, from the same stream."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.characters.chance import between, pick, sign

NAMES = ("line", "gap", "ends", "shape")
SHARES = (0.60, 0.17, 0.15, 0.08)


def test_picks_are_those_of_numpy_and_the_stream_goes_on_alike() -> None:
    ours, theirs = np.random.default_rng(4), np.random.default_rng(4)
    for _ in range(300):
        assert pick(ours, NAMES, SHARES) == theirs.choice(NAMES, p=SHARES)
        assert pick(ours, NAMES) == theirs.choice(NAMES)
        assert sign(ours) == theirs.choice((-1.0, 1.0))
    assert ours.random() == theirs.random()


def test_numbers_between_bounds_are_those_of_numpy() -> None:
    ours, theirs, bounds = (np.random.default_rng(seed) for seed in (4, 4, 5))
    for low, high in np.sort(bounds.normal(size=(300, 2))).tolist():
        assert between(ours, low, high) == theirs.uniform(low, high)


def test_shares_need_not_sum_to_one() -> None:
    rng = np.random.default_rng(1)
    picked = [pick(rng, ("a", "b", "never"), (30.0, 10.0, 0.0)) for _ in range(2000)]
    assert "never" not in picked
    assert np.mean([p == "a" for p in picked]) == pytest.approx(0.75, abs=0.04)


def test_every_item_has_a_share() -> None:
    with pytest.raises(ValueError, match="give one to each"):
        pick(np.random.default_rng(0), NAMES, (0.5, 0.5))
