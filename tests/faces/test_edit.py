"""Whole edits: the network's change, and what is drawn beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from faces.canvas import Canvas
from faces.change import NOTHING, Change, apply
from faces.edit import Drawing, Written, edit
from tests.painted_faces import in_sides, painted, seen
from tests.pictures import same_outside, with_alpha

SIZE = 256
FACE = painted(120.0, (240.0, 200.0), (480, 480))
MATRIX, CROP = seen(Canvas(FACE.picture), FACE.landmarks, SIZE)
POINTS = in_sides(FACE.landmarks, MATRIX, SIZE)
BROWS = {"brow_tilt_left": 1.0, "brow_tilt_right": 1.0}
MARKS = {"tears": 1.0, "blush": 1.0, "sweat": 1.0, "vein": 1.0}


def change(left: float = 0.3, right: float = 0.7, move: float = 0.02) -> Change:
    """Green over a part of the lower face, above it everything moves."""
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[150:200, round(left * SIZE) : round(right * SIZE)] = 1
    paint = np.zeros((3, SIZE, SIZE), np.float32)
    paint[1] = 0.7
    moves = np.zeros((2, SIZE, SIZE), np.float32)
    moves[1, 20:150] = move
    return Change(paint, mask, moves)


def edited(
    drawing: Drawing | None, what: Change, pixels: np.ndarray = FACE.picture
) -> tuple[np.ndarray, Written]:
    result = pixels.copy()
    return result, edit(result, Canvas(pixels), MATRIX, CROP, what, drawing)


def drawing(amounts: dict[str, float], share: float = 1.0) -> Drawing:
    return Drawing(POINTS, POINTS, amounts, amounts, share=share)


@pytest.mark.parametrize("nothing", [None, drawing({})])
def test_without_a_drawing_an_edit_is_the_change(nothing: Drawing | None) -> None:
    result, written = edited(nothing, change())
    expected = FACE.picture.copy()
    rectangle = apply(expected, Canvas(FACE.picture), MATRIX, change())
    assert written == (rectangle, NOTHING)
    assert written.whole == rectangle
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("amounts", [BROWS, MARKS, BROWS | MARKS])
@pytest.mark.parametrize("alpha", [False, True])
def test_nothing_changes_outside_and_alpha_stays(amounts: dict[str, float], alpha: bool) -> None:
    pixels = with_alpha(FACE.picture) if alpha else FACE.picture
    result, written = edited(drawing(amounts), change(), pixels)
    assert same_outside(pixels, result, written)
    assert same_outside(pixels, result, [written.whole])
    assert NOTHING not in written
    if alpha:
        assert (result[..., 3] == pixels[..., 3]).all()
        clear = pixels[..., 3] == 0
        assert (result[clear] == pixels[clear]).all()
    without, _ = edited(None, change(), pixels)
    assert (result != without).any()


def test_marks_lie_over_what_the_network_paints() -> None:
    everywhere = replace(change(), mask=np.ones((SIZE, SIZE), np.float32))
    for amounts, seen_there in (({"brow_bend_left": 0.0}, False), ({"sweat": 1.0}, True)):
        result, _ = edited(drawing(amounts), everywhere)
        water = result[160:210, 330:370].astype(int)  # at the temple
        assert bool((water[..., 2] - water[..., 1] > 10).any()) is seen_there


def test_a_brow_is_not_moved_twice() -> None:
    """Where a brow is found, what the network does with it does not count."""
    still, _ = edited(drawing(BROWS), change(move=0.0))
    result, _ = edited(drawing(BROWS), change(move=0.03))
    brow = slice(128, 172), slice(150, 212)
    dark = [(p[brow].max(axis=2) < 110) for p in (still, result, FACE.picture)]
    assert (dark[0] == dark[1]).mean() > 0.97
    assert (dark[0] == dark[2]).mean() < 0.9
    left_alone, _ = edited(drawing({"tears": 1.0}), change(move=0.03))
    assert ((left_alone[brow].max(axis=2) < 110) == dark[2]).mean() > 0.97
    bare, _ = edited(None, change(move=0.03))
    assert ((bare[brow].max(axis=2) < 110) == dark[2]).mean() < 0.9


def test_tears_well_from_where_the_lids_come_to() -> None:
    lower = {n: (x, y - 0.06 * n.endswith("eye_bottom")) for n, (x, y) in POINTS.items()}
    wet = [
        edited(Drawing(POINTS, after, {"tears": 0.3}), change(0, 0, 0))[1].drawing
        for after in (POINTS, lower)
    ]
    assert wet[1][1] < wet[0][1]


def test_more_changes_more_and_a_share_of_nothing_nothing() -> None:
    still = change(0, 0, 0)
    changes = []
    for share in (0.0, 0.3, 0.6, 1.0):
        result, _ = edited(drawing(BROWS | MARKS, share), still)
        changes.append(np.abs(result.astype(int) - FACE.picture).sum())
    assert changes[0] == 0
    assert changes == sorted(set(changes))


def test_eyes_in_one_place_leave_the_change_alone() -> None:
    nowhere = dict.fromkeys(POINTS, (0.5, 0.5))
    result, written = edited(Drawing(nowhere, nowhere, BROWS | MARKS), change())
    expected, only = edited(None, change())
    assert written == only
    np.testing.assert_array_equal(result, expected)
