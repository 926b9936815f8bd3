"""Brows that are moved: where to, what is left behind, and what is left alone."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from contract.alignment import SIDE_IN_EYE_DISTANCES
from faces.brow_lines import Brow, brows_of
from faces.brows import kept_clear, move
from faces.canvas import Canvas
from faces.change import NOTHING, Change, Rectangle
from tests.painted_faces import HAIR, SKIN, Painted, in_sides, painted, seen, turned
from tests.pictures import same_outside

SIZE = 256
UNIT = SIZE / SIDE_IN_EYE_DISTANCES
FACE = painted(120.0, (240.0, 200.0), (480, 480))
BEFORE = (slice(150, 164), slice(160, 195))
"""Where the middle of the left brow of FACE lies."""


def found_in(pixels: np.ndarray, landmarks: dict) -> tuple[Brow, ...]:
    matrix, crop = seen(Canvas(pixels), landmarks, SIZE)
    return brows_of(crop, in_sides(landmarks, matrix, SIZE))


def moved(
    face: Painted,
    amounts: dict[str, float],
    share: float = 1.0,
    canvas: Canvas | None = None,
) -> tuple[np.ndarray, Rectangle]:
    """The picture (that of `canvas`) with its brows moved, and where they are said to be."""
    canvas = canvas or Canvas(face.picture)
    matrix, _ = seen(canvas, face.landmarks, SIZE)
    brows = found_in(face.picture, face.landmarks)
    assert len(brows) == 2
    pixels = canvas.pixels.copy()
    return pixels, move(pixels, canvas, matrix, brows, amounts, share)


def both(stem: str, amount: float) -> dict[str, float]:
    return {f"brow_{stem}_{side}": amount for side in ("left", "right")}


def dark(pixels: np.ndarray) -> np.ndarray:
    """What is as dark as a brow [H, W]."""
    return pixels[..., :3].max(axis=2) < 110


def rows_of_brow(pixels: np.ndarray, side: str) -> np.ndarray:
    """The middle of that brow of FACE at its inner end, middle and outer end, in eye distances
    below the eyes."""
    zone = pixels[120:176] if side == "right" else pixels[120:176, ::-1]
    rows = np.where(dark(zone), np.arange(56)[:, None], np.nan)
    spots = [240 + round(x * 120) for x in (0.28, 0.5, 0.73)]
    return np.array([np.nanmean(rows[:, x - 2 : x + 3]) - 79.5 for x in spots]) / 120


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("fringe", [-0.75, -0.1])
@pytest.mark.parametrize(
    ("stem", "amount", "ways"),
    [
        ("tilt", 1.0, (0.10, 0.026, -0.054)),
        ("tilt", -1.0, (-0.08, -0.022, 0.04)),
        ("height", 1.0, (-0.12, -0.12, -0.12)),
        ("height", 0.5, (-0.06, -0.06, -0.06)),
        ("height", -1.0, (0.08, 0.08, 0.08)),
        ("bend", 1.0, (0.0, -0.04, 0.0)),
        ("bend", -1.0, (0.0, 0.04, 0.0)),
    ],
)
def test_how_far_inner_end_middle_and_outer_end_go_down(
    side: str, fringe: float, stem: str, amount: float, ways: tuple[float, ...]
) -> None:
    """A tilt of 1 brings the inner ends down on both sides, -1 the outer ends."""
    face = painted(120.0, (240.0, 200.0), (480, 480), fringe=fringe)
    result, _ = moved(face, both(stem, amount))
    went = rows_of_brow(result, side) - rows_of_brow(face.picture, side)
    assert went == pytest.approx(np.array(ways), abs=0.02)


@pytest.mark.parametrize(("fringe", "ground"), [(-0.75, SKIN), (-0.1, HAIR)])
def test_the_old_place_is_filled_with_what_is_around(
    fringe: float, ground: tuple[int, int, int]
) -> None:
    face = painted(120.0, (240.0, 200.0), (480, 480), fringe=fringe)
    assert dark(face.picture[BEFORE]).any()
    assert rows_of_brow(face.picture, "left")[1] == pytest.approx(-0.36, abs=0.01)
    result, _ = moved(face, both("height", 1.0))
    assert np.abs(result[BEFORE].astype(int) - ground).max() < 12
    ink = [dark(p[110:170, 145:215]).sum() for p in (face.picture, result)]
    assert ink[1] == pytest.approx(ink[0], rel=0.2)


def test_where_nothing_is_wanted_nothing_changes() -> None:
    for amounts, share in (
        ({}, 1.0),
        ({"tears": 1.0, "brow_wave_left": 1.0}, 1.0),
        (both("tilt", 1.0), 0.0),
        (both("tilt", 0.0), 1.0),  # they are level
        (both("height", 0.0), 1.0),
    ):
        result, rectangle = moved(FACE, amounts, share)
        assert rectangle == NOTHING
        assert (result == FACE.picture).all()


def test_more_changes_more() -> None:
    shares = (0.25, 0.5, 0.75, 1.0)
    rows = [rows_of_brow(moved(FACE, both("height", 1.0), s)[0], "left")[1] for s in shares]
    assert np.diff(rows) == pytest.approx([-0.03] * 3, abs=0.006)


def test_one_brow_moves_alone() -> None:
    result, rectangle = moved(FACE, {"brow_tilt_left": 1.0})
    assert same_outside(FACE.picture, result, [rectangle])
    assert (result[:, 240:] == FACE.picture[:, 240:]).all()
    assert (result != FACE.picture).any()


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_nothing_changes_outside_and_alpha_stays(depth: type, channels: int) -> None:
    colours = FACE.picture[..., 1:2] if channels < 3 else FACE.picture
    plain, there = moved(FACE, both("height", 1.0), 1.0, Canvas(colours))
    if channels % 2 == 0:
        alpha = np.full((480, 480, 1), 255, np.uint8)
        alpha[:, 170:180] = 0
        colours = np.concatenate([colours, alpha], axis=2)
    factor = 257 if depth is np.uint16 else 1
    pixels: np.ndarray = colours.astype(depth) * factor
    result, rectangle = moved(FACE, both("height", 1.0), 1.0, Canvas(pixels))
    assert result.dtype == depth
    assert rectangle == there
    assert same_outside(pixels, result, [rectangle])
    assert (result != pixels).any()
    if channels % 2 == 0:
        assert (result[..., -1] == pixels[..., -1]).all()
        assert (result[:, 170:180] == pixels[:, 170:180]).all()
    else:
        assert np.abs(result / factor - plain).max() <= 1.1


def test_a_profile_is_of_no_matter_to_what_is_only_moved() -> None:
    def inverted(colours: np.ndarray) -> np.ndarray:
        return 255 - colours

    own = 255 - FACE.picture
    result, rectangle = moved(FACE, both("tilt", 1.0), 1.0, Canvas(own, inverted, inverted))
    plain, same = moved(FACE, both("tilt", 1.0))
    assert rectangle == same
    assert np.abs(255 - result.astype(int) - plain).max() <= 2


def test_brows_turn_with_the_face() -> None:
    upright, (x, y, width, height) = moved(FACE, both("tilt", 1.0))
    lying, rectangle = moved(turned(FACE), both("tilt", 1.0))
    assert rectangle == pytest.approx((480 - y - height, x, height, width), abs=3)
    difference = np.abs(np.rot90(lying, 1).astype(int) - upright)
    assert difference.mean() < 0.1 * np.abs(upright.astype(int) - FACE.picture).mean()


def test_brows_beside_the_picture_or_cut_by_its_border() -> None:
    matrix, _ = seen(Canvas(FACE.picture), FACE.landmarks, SIZE)
    brows = found_in(FACE.picture, FACE.landmarks)
    whole, _ = moved(FACE, both("height", 1.0))
    for left, top, beside in ((190, 0, False), (0, 152, False), (0, 250, True), (400, 0, True)):
        part = np.ascontiguousarray(FACE.picture[top:, left:])
        shifted = matrix.copy()
        shifted[:, 2] += matrix[:, :2] @ (left, top)
        result = part.copy()
        rectangle = move(result, Canvas(part), shifted, brows, both("height", 1.0))
        assert (rectangle == NOTHING) is beside
        assert same_outside(part, result, [rectangle])
        if not beside:
            assert (result != part).any()
            inside = np.abs(result[20:, 20:].astype(int) - whole[top + 20 :, left + 20 :])
            assert inside.mean() < 0.1


def test_a_large_face_takes_little_memory() -> None:
    face = painted(1480.0, (2000.0, 1900.0), (4000, 4400))
    canvas = Canvas(face.picture)
    matrix, _ = seen(canvas, face.landmarks, SIZE)
    brows, pixels = found_in(face.picture, face.landmarks), face.picture.copy()
    tracemalloc.start()
    try:
        move(pixels, canvas, matrix, brows, both("height", 1.0) | both("tilt", 1.0))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (pixels != face.picture).any()
    assert peak < 4 * pixels.nbytes


def test_nothing_else_is_done_where_brows_are() -> None:
    brows = found_in(FACE.picture, FACE.landmarks)
    full = np.ones((SIZE, SIZE), np.float32)
    change = Change(np.zeros((3, SIZE, SIZE), np.float32), full, np.stack([0.0 * full, 0.0 * full]))
    still = kept_clear(change, brows)
    shifted = kept_clear(replace(change, displacement=np.stack([0 * full, 0.2 * full])), brows)
    for brow in brows:
        assert still.mask[brow.place > 0.5].max() < 0.05
        assert shifted.displacement is not None
        assert np.abs(shifted.displacement[:, brow.place > 0.5]).max() < 0.05
        rows, columns = np.nonzero(brow.cover > 0.9)
        there = rows - round(0.2 * SIZE), columns  # to here the displacement brings the brow
        if there[0].min() >= 0:
            assert np.abs(shifted.displacement[:, there[0], there[1]]).max() < 0.05
    far = slice(round(0.45 * SIZE), None)
    assert (still.mask[far] == 1).all()
    assert shifted.displacement is not None
    assert (shifted.displacement[1, far] == np.float32(0.2)).all()
    assert (still.paint == change.paint).all()
    assert kept_clear(change, ()) == change
    bare = kept_clear(Change(change.paint, full), brows)
    assert bare.displacement is None
    np.testing.assert_array_equal(bare.mask, still.mask)
