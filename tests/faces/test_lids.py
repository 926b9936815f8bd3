"""Upper lids that are lowered: whose lashes are found, how far they come down, and what stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from contract.alignment import SIDE_IN_EYE_DISTANCES
from faces.align import inverse
from faces.canvas import Canvas
from faces.change import NOTHING, Rectangle
from faces.face import Point
from faces.lids import Lid, lids_of, move, moved
from tests.painted_faces import ROUND_LASHES, SKIN, Painted, in_sides, painted, seen, turned
from tests.pictures import same_outside

SIZE = 256
UNIT = SIZE / SIDE_IN_EYE_DISTANCES


def face(**how) -> Painted:
    """A face with wide open eyes around (180, 200) and (300, 200), and no brows by default."""
    open_eyes: dict[str, Any] = {
        "eye_height": 0.2,
        "lashes": ROUND_LASHES,
        "iris": (150, 200, 240),
        "brow": None,
    }
    return painted(120.0, (240.0, 200.0), (480, 480), **open_eyes | how)


FACE = face()
WAY = 0.62 * 0.47 * 120
"""What shuts an eye of FACE, in pixels."""


def found_in(what: Painted, size: int = SIZE, without: tuple[str, ...] = ()) -> tuple[Lid, ...]:
    matrix, crop = seen(Canvas(what.picture), what.landmarks, size)
    points = in_sides(what.landmarks, matrix, size)
    return lids_of(crop, {name: place for name, place in points.items() if name not in without})


def both(amount: float, slant: float | None = None) -> dict[str, float]:
    lids = {"lid_upper_left": amount, "lid_upper_right": amount}
    return lids if slant is None else lids | {"lid_slant": slant}


def lowered_by(
    wanted: dict[str, float],
    what: Painted = FACE,
    share: float = 1.0,
    canvas: Canvas | None = None,
) -> tuple[np.ndarray, Rectangle]:
    """The picture (that of `canvas`) with its lids lowered, and where they are said to be."""
    canvas = canvas or Canvas(what.picture)
    matrix, _ = seen(canvas, what.landmarks, SIZE)
    lids = found_in(what)
    assert len(lids) == 2
    pixels = canvas.pixels.copy()
    return pixels, move(pixels, canvas, matrix, lids, wanted, share)


def lashes(pixels: np.ndarray, *across: float, side: str = "right") -> list[float]:
    """The lower edge of what is as dark as lashes, in pixels above the eyes' middles, at those
    places `across` FACE's eye, in eye distances from between the eyes."""
    zone = (pixels if side == "right" else pixels[:, ::-1])[150:230]
    dark = zone[..., :3].max(axis=2) < 120
    columns = [240 + round(120 * x) for x in across]
    return [49.0 - np.nonzero(dark[:, column])[0].max() for column in columns]


@pytest.mark.parametrize(
    ("wanted", "done"),
    [
        (both(-0.3), True),
        (both(-0.03, slant=1.0), True),
        (both(-0.44), True),
        ({"lid_upper_left": -0.4, "lid_upper_right": -0.05}, True),
        ({}, False),
        ({"lid_slant": 1.0}, False),
        ({"lid_upper_left": -0.3}, False),
        (both(0.0), False),
        (both(0.2), True),
        (both(-0.6), False),
        (both(-1.0), False),
        ({"lid_upper_left": -1.0, "lid_upper_right": -0.3}, False),
    ],
)
def test_lids_that_come_down_or_rise_a_little_are_done_here(
    wanted: dict[str, float], done: bool
) -> None:
    assert moved(wanted) is done


@pytest.mark.parametrize("size", [128, 192, 256, 384])
@pytest.mark.parametrize("brow", [None, ((0.76, -0.36), (0.25, -0.36))])
def test_the_edge_of_the_lashes_is_found(size: int, brow: tuple[Point, ...] | None) -> None:
    what = face(brow=brow)
    matrix, _ = seen(Canvas(what.picture), what.landmarks, size)
    lids = found_in(what, size)
    assert [lid.side for lid in lids] == ["left", "right"]
    for lid, sign in zip(lids, (-1, 1), strict=True):
        edge = np.stack([lid.columns + 0.5, lid.edge, np.ones_like(lid.edge)])
        x, y = (inverse(matrix) @ edge - [[240], [200]]) / 120
        there = 0.15 * ((sign * x - 0.5) / 0.25) ** 2 - 0.18
        middle = np.abs(sign * x - 0.5) < 0.2
        assert middle.sum() > 0.3 * size / SIDE_IN_EYE_DISTANCES
        np.testing.assert_allclose(y[middle], there[middle], atol=0.035)
        assert lid.height / lid.unit == pytest.approx(0.16, abs=0.03)
        assert lid.width / lid.unit == pytest.approx(0.47, abs=0.01)
        assert lid.unit == pytest.approx(size / SIDE_IN_EYE_DISTANCES, rel=0.01)


def test_without_lashes_or_corners_no_lids_are_found() -> None:
    assert len(found_in(FACE)) == 2
    for name in ("left_eye_outer", "left_eye_inner", "right_eye_inner", "right_eye_outer"):
        assert found_in(FACE, without=(name,)) == ()
    assert found_in(face(lashes=None)) == ()


def test_a_brow_is_no_lash() -> None:
    assert found_in(face(lashes=None, brow=((0.76, -0.36), (0.25, -0.36)))) == ()


@pytest.mark.parametrize("top", [-0.75, -0.3])
@pytest.mark.parametrize("sign", [-1, 1])
def test_with_one_eye_under_hair_no_lids_are_found(top: float, sign: int) -> None:
    corners = ((0.2, top), (0.8, top), (0.8, 0.25), (0.2, 0.25))
    assert found_in(face(strands=[[(sign * x, y) for x, y in corners]])) == ()
    thin = ((0.45, top), (0.55, top), (0.55, 0.25), (0.45, 0.25))
    assert len(found_in(face(strands=[[(sign * x, y) for x, y in thin]]))) == 2


def test_corners_that_are_no_eyes_bring_no_lids() -> None:
    (x, y), nowhere = FACE.landmarks["left_eye_inner"], float("nan")
    for place in ((x - 50, y), (x + 200, y), (x - 300, y), (nowhere, y)):
        assert found_in(replace(FACE, landmarks=FACE.landmarks | {"left_eye_inner": place})) == ()
    matrix, crop = seen(Canvas(FACE.picture), FACE.landmarks, SIZE)
    for way in ((0, -1), (0, 1), (-1, 0), (1, 0)):
        points = in_sides(FACE.landmarks, matrix, SIZE)
        beside = {name: (x + way[0], y + way[1]) for name, (x, y) in points.items()}
        assert lids_of(crop, beside) == ()


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("amount", [-0.1, -0.2, -0.3, -0.42])
def test_lashes_come_down_by_what_is_asked_and_hardly_at_their_ends(
    side: str, amount: float
) -> None:
    result, _ = lowered_by(both(amount))
    across = (0.25, 0.4, 0.5, 0.6, 0.75)
    went = np.subtract(lashes(FACE.picture, *across, side=side), lashes(result, *across, side=side))
    assert went[1:4] == pytest.approx(-amount * WAY, abs=1.6)
    assert max(went[0], went[4]) < 0.8 * -amount * WAY
    for beside in (slice(0, 142), slice(218, 262), slice(338, 480)):
        assert (result[:, beside] == FACE.picture[:, beside]).all()


def test_long_lashes_bend_down_to_the_middle() -> None:
    level = face(lashes=((0.15, -0.2), (0.85, -0.2)))
    result, _ = lowered_by(both(-0.3), level)
    across = (0.22, 0.25, 0.5, 0.75, 0.78)
    went = np.subtract(lashes(level.picture, *across), lashes(result, *across)) / (0.3 * WAY)
    assert went[2] == pytest.approx(1, abs=0.15)
    assert [went[1], went[3]] == pytest.approx([0.6, 0.6], abs=0.2)
    assert [went[0], went[4]] == pytest.approx([0.25, 0.25], abs=0.2)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("amount", [0.05, 0.12, 0.15])
def test_lashes_rise_and_the_eye_is_stretched_to_its_middle(side: str, amount: float) -> None:
    result, _ = lowered_by(both(amount))
    rose = np.subtract(
        lashes(result, 0.4, 0.5, 0.6, side=side), lashes(FACE.picture, 0.4, 0.5, 0.6, side=side)
    )
    assert rose == pytest.approx(1.6 * amount * WAY, abs=1.6)
    assert (result[216:] == FACE.picture[216:]).all()


def test_no_lid_rises_far() -> None:
    most, _ = lowered_by(both(0.3))
    rose = lashes(most, 0.5)[0] - lashes(FACE.picture, 0.5)[0]
    assert rose == pytest.approx(0.07 * 120, abs=1.6)


def test_where_lashes_were_is_skin() -> None:
    result, _ = lowered_by(both(-0.4))
    before, after = (p[172:177, 170:190].astype(int) for p in (FACE.picture, result))
    assert before.max() < 120
    assert np.abs(after - SKIN).max() <= 3


@pytest.mark.parametrize("amount", [-0.15, -0.4])
def test_what_lies_under_the_lashes_stays_as_it_is(amount: float) -> None:
    result, _ = lowered_by(both(amount))
    for side in ("left", "right"):
        for x in np.linspace(0.35, 0.65, 16):
            edge = 200 - lashes(result, x, side=side)[0]
            column = 240 + round(120 * x) if side == "right" else 239 - round(120 * x)
            under = slice(int(edge) + 4, None)
            assert (result[under, column] == FACE.picture[under, column]).all()


def test_more_brings_lids_lower_and_nothing_leaves_them() -> None:
    for wanted, share in ((both(-0.4), 0.0), (both(0.0), 1.0), (both(-0.005), 1.0)):
        result, rectangle = lowered_by(wanted, share=share)
        assert rectangle == NOTHING
        assert (result == FACE.picture).all()
    rows = [lashes(lowered_by(both(-0.4), share=s)[0], 0.5)[0] for s in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert np.diff(rows) == pytest.approx(-0.08 * WAY, abs=1.1)
    half, _ = lowered_by(both(-0.4), share=0.5)
    same, _ = lowered_by(both(-0.2))
    assert np.abs(half.astype(int) - same).max() <= 1


def test_one_lid_comes_lower_than_the_other() -> None:
    result, _ = lowered_by({"lid_upper_left": -0.1, "lid_upper_right": -0.4})
    left, right = (lashes(result, 0.5, side=side)[0] for side in ("left", "right"))
    assert left - right == pytest.approx(0.3 * WAY, abs=1.6)


@pytest.mark.parametrize("amount", [-0.44, -3.0])
@pytest.mark.parametrize("low", [0.0, 0.06, 0.12])
def test_a_lid_stays_above_the_eyes_middle(amount: float, low: float) -> None:
    sleepy = face(lashes=[(x, y + low) for x, y in ROUND_LASHES])
    result, _ = lowered_by(both(amount), sleepy)
    for side in ("left", "right"):
        for x in (0.4, 0.45, 0.5, 0.55, 0.6):
            assert lashes(result, x, side=side)[0] > 0


@pytest.mark.parametrize("side", ["left", "right"])
def test_slant_lowers_the_inner_ends_of_an_angry_face_and_the_outer_ones_of_a_sad_face(
    side: str,
) -> None:
    level, angry, sad = (
        np.array(lashes(lowered_by(both(-0.2, slant))[0], 0.38, 0.5, 0.62, side=side))
        for slant in (0.0, 1.0, -1.0)
    )
    assert angry[0] < level[0] - 2
    assert angry[2] > level[2] + 2
    assert sad[0] > level[0] + 2
    assert sad[2] < level[2] - 2
    assert [angry[1], sad[1]] == pytest.approx([level[1]] * 2, abs=1)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_nothing_changes_outside_and_alpha_stays(depth: type, channels: int) -> None:
    colours = FACE.picture[..., 1:2] if channels < 3 else FACE.picture
    plain, there = lowered_by(both(-0.3), canvas=Canvas(colours))
    if channels % 2 == 0:
        alpha = np.full((480, 480, 1), 255, np.uint8)
        alpha[:, 170:180] = 0
        alpha[:, 290:300] = 90
        colours = np.concatenate([colours, alpha], axis=2)
    factor = 257 if depth is np.uint16 else 1
    pixels: np.ndarray = colours.astype(depth) * factor
    result, rectangle = lowered_by(both(-0.3), canvas=Canvas(pixels))
    assert result.dtype == depth
    assert rectangle == there
    assert same_outside(pixels, result, [rectangle])
    assert (result != pixels).any()
    shown = pixels[..., -1] > 0 if channels % 2 == 0 else np.ones((480, 480), bool)
    assert np.abs(result[..., : plain.shape[2]] / factor - plain)[shown].max() <= 1.1
    assert (result[~shown] == pixels[~shown]).all()
    if channels % 2 == 0:
        assert (result[..., -1] == pixels[..., -1]).all()


def test_what_is_transparent_is_not_brought_to_light() -> None:
    pixels = np.dstack([FACE.picture, np.full((480, 480), 255, np.uint8)])
    pixels[:155] = (0, 255, 0, 0)
    result, _ = lowered_by(both(-0.4), canvas=Canvas(pixels))
    assert (result[155:] != pixels[155:]).any()
    for x in (180, 300):
        shown = result[155:180, x - 10 : x + 10, :3].astype(int)
        assert np.abs(shown - SKIN).max() <= 3


def test_a_profile_is_of_no_matter_to_what_is_only_moved() -> None:
    def inverted(colours: np.ndarray) -> np.ndarray:
        return 255 - colours

    own = 255 - FACE.picture
    result, rectangle = lowered_by(both(-0.3), canvas=Canvas(own, inverted, inverted))
    plain, same = lowered_by(both(-0.3))
    assert rectangle == same
    assert np.abs(255 - result.astype(int) - plain).max() <= 2


def test_lids_turn_with_the_face() -> None:
    upright, (x, y, width, height) = lowered_by(both(-0.3, 0.5))
    lying, rectangle = lowered_by(both(-0.3, 0.5), turned(FACE))
    assert rectangle == pytest.approx((480 - y - height, x, height, width), abs=3)
    difference = np.abs(np.rot90(lying, 1).astype(int) - upright).sum()
    assert difference < 0.15 * np.abs(upright.astype(int) - FACE.picture).sum()


@pytest.mark.parametrize(
    ("left", "top", "right", "bottom", "beside"),
    [
        (175, 0, 480, 480, False),
        (0, 170, 480, 480, False),
        (0, 0, 310, 480, False),
        (0, 0, 480, 178, False),
        (0, 240, 480, 480, True),
        (400, 0, 480, 480, True),
        (0, 0, 100, 480, True),
        (0, 0, 480, 120, True),
    ],
)
def test_lids_cut_by_the_border_or_beside_the_picture(
    left: int, top: int, right: int, bottom: int, beside: bool
) -> None:
    matrix, _ = seen(Canvas(FACE.picture), FACE.landmarks, SIZE)
    lids = found_in(FACE)
    whole, _ = lowered_by(both(-0.3))
    part = np.ascontiguousarray(FACE.picture[top:bottom, left:right])
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ (left, top)
    result = part.copy()
    rectangle = move(result, Canvas(part), shifted, lids, both(-0.3))
    assert (rectangle == NOTHING) is beside
    assert same_outside(part, result, [rectangle])
    assert bool((result != part).any()) is not beside
    x, y, width, height = rectangle
    assert 0 <= x <= x + width <= part.shape[1]
    assert 0 <= y <= y + height <= part.shape[0]
    inside = slice(0 if top == 0 else 12, None)
    expected = whole[top:bottom, left:right][inside]
    assert np.abs(result[inside].astype(int) - expected).max() <= 2
