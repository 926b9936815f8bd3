"""Controls as a caller of the service would send them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from contract import expression
from contract.alignment import SIDE_IN_EYE_DISTANCES, TEMPLATE
from contract.card import Control, Pixels
from contract.control import control_for, expression_vector
from tests.engines.tiny_models import tiny_editor, write_model
from tests.painted_faces import painted, points_in
from trainer.data.source import to_tensor
from trainer.metrics.editors import (
    EditorError,
    ExportedEditor,
    Layers,
    composed,
    control_between,
    edited,
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


class Leaves:
    """Paints green over the chin; what of a face is drawn beside it is left to others."""

    size = 128
    labels = None
    pixels = Pixels(size=128)
    template = TEMPLATE

    def __init__(self, control: Control) -> None:
        self.control = control

    def __call__(self, pictures: torch.Tensor, control: torch.Tensor) -> torch.Tensor:
        return edited(self, pictures, control)

    def change(self, pictures: torch.Tensor, control: torch.Tensor) -> Layers:
        count = len(pictures)
        paint = torch.full((count, 3, 128, 128), -1.0)
        paint[:, 1] = 1.0
        mask = torch.zeros(count, 1, 128, 128)
        mask[..., 100:110, 50:78] = 1.0
        points = torch.tensor(list(points_in().values()))
        return Layers(paint, mask, None, points.expand(count, 2, -1, -1))


FACE = painted(128 / SIDE_IN_EYE_DISTANCES, (64, 128 * TEMPLATE["left_eye"][1]), (128, 128)).picture


def test_what_is_left_to_be_drawn_is_drawn() -> None:
    faces = to_tensor(np.stack([FACE, FACE]))
    tears = torch.stack([single_control({"tears": 1.0}), single_control({"mouth_open": 1.0})])
    without = edited(Leaves(expression_vector()), faces, tears)
    with_them = edited(Leaves(expression_vector(expression.DRAWN)), faces, tears)
    assert with_them.shape == faces.shape
    assert with_them.dtype == torch.float32
    differ = (with_them - without).abs().amax(1) > 0.1
    assert differ[0, 50:90].sum() > 30
    assert not differ[0, :40].any()  # the forehead
    assert not differ[1, :95].any()  # next to the paint, whose edges bytes make otherwise
    assert (with_them[:, 1, 105, 64] > 0.99).all()  # the network's own change is there, too
    brow = torch.stack([single_control({"brow_tilt_left": 1.0})] * 2)
    moved = edited(Leaves(expression_vector(expression.DRAWN)), faces, brow) - without
    assert (moved.abs().amax(1) > 0.1)[:, 20:45, :64].any()
    assert not (moved.abs().amax(1) > 0.1)[:, 20:45, 64:].any()


def test_what_is_drawn_is_drawn_with_its_share() -> None:
    faces = to_tensor(np.stack([FACE] * 3))
    control = torch.stack([single_control({"tears": 1.0, "brow_tilt_left": 1.0})] * 3)
    editor = Leaves(expression_vector(expression.DRAWN))
    changes = (edited(editor, faces, control, (0.0, 0.5, 1.0)) - faces).abs().sum((1, 2, 3))
    assert changes[0] == 0
    assert 0 < changes[1] < changes[2]


def test_what_is_drawn_does_not_reach_the_network(tmp_path: Path) -> None:
    """Its mask is as strong as the control, and the control is empty."""
    editors = []
    for name, drawn in (("asked", ()), ("left", ("tears",))):
        write_model(tmp_path / name, *tiny_editor(64, drawn))
        editors.append(ExportedEditor(tmp_path / name / "expression"))
    tears, mouth = single_control({"tears": 1.0}), single_control({"mouth_open": 0.2})
    picture = torch.zeros(2, 3, 64, 64)
    masks = [
        e.change(picture, torch.stack([tears, tears + mouth])).mask.amax((1, 2, 3)) for e in editors
    ]
    assert masks[0].tolist() == [1, 1]
    assert masks[1].tolist() == [0, 1]
    found = [editor.change(picture, torch.stack([tears, mouth])).landmarks for editor in editors]
    assert found[0] is None
    assert found[1] is not None
    assert found[1].shape == (2, 2, 27, 2)


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
