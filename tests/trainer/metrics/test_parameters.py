"""Single parameters: an editor that draws like the artist, one that does nothing, and others."""

from __future__ import annotations

import numpy as np
import pytest
from torch import Tensor

from contract.control import decode, expression_vector
from contract.expression import INDEX, NEUTRAL, PARAMETERS, SIZE, Vector, vector
from trainer.data.dataset import Dataset
from trainer.data.redrawn import sitter
from trainer.data.source import to_tensor
from trainer.metrics.editors import EditorError
from trainer.metrics.parameters import WAYS, Obeyed, Singles, measure

PICTURE = 48
SPECS = expression_vector().parameters


class Artist:
    """Draws character `who` of `dataset` as the control says, `gain` times as far from neutral."""

    size = PICTURE
    labels = None

    def __init__(self, dataset: Dataset, who: int = 0, gain: float = 1.0) -> None:
        self.sitter, self.gain = sitter(dataset, who), gain

    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        drawn = self.sitter.drawn([self._asked(row) for row in control.numpy()], self.size)
        return to_tensor(np.stack([one.picture for one in drawn]))

    def _asked(self, control: Vector) -> Vector:
        values = decode(SPECS, self.gain * control[:SIZE])
        chosen = control[SIZE:] == 1
        return vector({name: value for name, value in values.items() if chosen[INDEX[name]]})


class Fixed:
    """Adds `gain` times the values asked for, and `always`, to the whole picture."""

    size = PICTURE

    def __init__(
        self, gain: float, always: float = 0.0, labels: tuple[str, ...] | None = None
    ) -> None:
        self.gain, self.always, self.labels = gain, always, labels

    def __call__(self, pictures: Tensor, control: Tensor) -> Tensor:
        moved = self.always + self.gain * control[:, :SIZE].abs().sum(1)
        return pictures + moved[:, None, None, None]


def _one(found: Singles, name: str, end: float) -> Obeyed:
    (one,) = (o for way, o in found.ways.items() if (way.name, way.end) == (name, end))
    return one


def test_every_parameter_goes_to_each_of_its_ends() -> None:
    ends = {(p.name, end) for p in PARAMETERS for end in (p.low, p.high) if end != p.neutral}
    assert {(p.name, way.end) for way in WAYS for p in way.twins} == ends
    assert len({way.name for way in WAYS}) == 25
    (brow,) = (way for way in WAYS if (way.name, way.end) == ("brow_tilt", -1))
    assert brow.at(0.5) == {"brow_tilt_left": -0.5, "brow_tilt_right": -0.5}
    for way in WAYS:
        assert np.array_equal(vector(way.at(0)), NEUTRAL)
        assert way.at(1) == {p.name: way.end for p in way.twins}


def test_who_draws_like_the_artist_leaves_no_error(six: Dataset) -> None:
    found = measure(Artist(six), six, characters=1)
    assert sum(one.drawn for one in found.ways.values()) > 20
    for way, one in found.ways.items():
        assert one.drawn + one.hidden == 1
        assert one.change == one.true_change
        if one.drawn:
            assert one.share == pytest.approx(0, abs=1e-6), way
    assert _one(found, "mouth_open", 1).change == 1


def test_who_goes_half_the_way_leaves_some_and_who_goes_the_other_way_more(six: Dataset) -> None:
    half = measure(Artist(six, gain=0.5), six, characters=1)
    away = measure(Artist(six, gain=-1), six, characters=1)
    for name, end in (("gaze_x", -1), ("lid_slant", 1), ("iris_size", 0.3)):
        assert 0.1 < _one(half, name, end).share < 0.9
        assert _one(away, name, end).share > 1


def test_who_does_nothing_leaves_everything(six: Dataset) -> None:
    found = measure(Fixed(0), six, characters=2)
    one = _one(found, "lid_upper", 0)
    assert (one.drawn, one.hidden, one.change, one.true_change) == (2, 0, 0, 2)
    assert one.share == pytest.approx(1)


def test_what_closed_lips_hide_is_counted_and_left_out(six: Dataset) -> None:
    found = measure(Fixed(0.1), six, characters=2)
    tongue = _one(found, "tongue", 1)
    assert (tongue.drawn, tongue.hidden, tongue.change) == (0, 2, 0)
    assert np.isnan(tongue.share)


def test_a_change_that_does_not_follow_the_value_does_not_rise(six: Dataset) -> None:
    rising = measure(Fixed(0.1), six, characters=1)
    constant = measure(Fixed(0, always=0.1), six, characters=1)
    assert _one(rising, "blush", 1).change == 1
    assert _one(constant, "blush", 1).change == 0


def test_a_model_with_labels_has_no_parameters(six: Dataset) -> None:
    with pytest.raises(EditorError, match="no single parameters"):
        measure(Fixed(0, labels=("happy", "sad")), six, characters=1)
