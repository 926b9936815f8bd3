"""Controls as a caller of the service would send them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contract import expression
from contract.control import control_for
from tests.engines.tiny_models import tiny_editor
from trainer.metrics.editors import (
    EditorError,
    Layers,
    composed,
    control_between,
    faded,
    served_control,
    single_control,
)


class Editor:
    """Only what controls depend on."""

    size = 32

    def __init__(self, labels: tuple[str, ...] | None) -> None:
        self.labels = labels

    def __call__(self, pictures: torch.Tensor, control: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


def _set(source: str, target: str) -> dict[str, float]:
    control = control_between(
        Editor(None),
        expression.preset(source)[None],
        expression.preset(target)[None],
        [target],
    )[0]
    value, chosen = control[: expression.SIZE], control[expression.SIZE :]
    assert bool((value[chosen == 0] == 0).all())
    return {n: float(value[i]) for i, n in enumerate(expression.NAMES) if chosen[i]}


def test_what_a_served_preset_sets_is_set() -> None:
    control = _set("neutral", "angry")
    assert set(control) == set(expression.served_presets()["angry"])
    assert control["tears"] == 0
    assert control["brow_tilt_left"] == pytest.approx(0.9)


def test_what_differs_is_set_too_so_that_the_truth_is_the_right_answer() -> None:
    assert "gaze_y" in _set("sad", "angry")
    assert "gaze_y" not in _set("neutral", "angry")


def test_one_hot() -> None:
    vectors = np.zeros((2, expression.SIZE), np.float32)
    editor = Editor(("happy", "sad", "angry"))
    control = control_between(editor, vectors, vectors, ["angry", "happy"])
    assert control.tolist() == [[0, 0, 1], [1, 0, 0]]
    with pytest.raises(EditorError, match="smug"):
        control_between(editor, vectors, vectors, ["smug", "happy"])


def test_composition_with_and_without_displacement() -> None:
    picture = torch.rand(1, 3, 8, 8) * 2 - 1
    paint, shut = torch.ones(1, 3, 8, 8), torch.zeros(1, 1, 8, 8)
    assert torch.equal(composed(picture, Layers(paint, shut)), picture)
    assert torch.equal(composed(picture, Layers(paint, shut + 1)), paint)
    right = torch.zeros(1, 2, 8, 8)
    right[:, 0] = 1 / 8
    moved = composed(picture, Layers(paint, shut, right))
    assert torch.allclose(moved[..., :7], picture[..., 1:], atol=1e-5)


def test_a_change_that_is_faded() -> None:
    picture = torch.rand(2, 3, 8, 8)
    paint, mask = torch.ones(2, 3, 8, 8), torch.full((2, 1, 8, 8), 0.5)
    moves = torch.full((2, 2, 8, 8), 0.25)
    shares = torch.tensor([0.0, 0.5]).view(-1, 1, 1, 1)
    shown, covers, ways, _ = faded(Layers(paint, mask, moves), shares)
    assert ways is not None
    assert torch.equal(shown, paint)
    assert covers[:, 0, 0, 0].tolist() == [0, 0.25]
    assert ways[:, 1, 0, 0].tolist() == [0, 0.125]
    assert torch.equal(composed(picture, Layers(shown, covers))[0], picture[0])


@pytest.mark.parametrize("intensity", [0.0, 0.4, 1.0, 1.5])
@pytest.mark.parametrize("wanted", ["neutral", "surprised", "wink"])
def test_a_served_control_is_the_services(wanted: str, intensity: float) -> None:
    card, _ = tiny_editor()
    expected = control_for(card, wanted, intensity)
    assert served_control(Editor(None), wanted, intensity).numpy() == pytest.approx(expected)


def test_a_control_of_single_parameters_is_the_services() -> None:
    card, _ = tiny_editor()
    wanted = {"iris_size": 0.3, "lid_upper_left": 1.3, "gaze_x": 0.0}
    assert single_control(wanted).numpy() == pytest.approx(control_for(card, wanted))
    half = {"iris_size": 0.65, "lid_upper_left": 1.15, "gaze_x": 0.0}
    assert single_control(half).numpy() == pytest.approx(control_for(card, wanted, 0.5))


def test_an_expression_that_nobody_has_is_told() -> None:
    with pytest.raises(EditorError, match=r"'merry'.*neutral, happy"):
        served_control(Editor(None), "merry")


def test_a_served_label_is_as_strong_as_asked() -> None:
    assert served_control(Editor(("happy", "sad")), "sad", 0.5).tolist() == [0, 0.5]
    with pytest.raises(EditorError, match="smug"):
        served_control(Editor(("happy",)), "smug")
