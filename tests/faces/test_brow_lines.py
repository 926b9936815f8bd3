"""Brows are found on skin and over hair; what is no brow, is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contract.alignment import SIDE_IN_EYE_DISTANCES
from faces.brow_lines import Brow, brows_of
from faces.canvas import Canvas
from faces.face import Point
from tests.painted_faces import SKIN, Painted, in_sides, painted, seen

SIZE = 256
UNIT = SIZE / SIDE_IN_EYE_DISTANCES


def face(**how) -> Painted:
    return painted(120.0, (240.0, 200.0), (480, 480), **how)


def found_in(what: Painted, size: int = SIZE) -> tuple[Brow, ...]:
    matrix, crop = seen(Canvas(what.picture), what.landmarks, size)
    return brows_of(crop, in_sides(what.landmarks, matrix, size))


def sloped(slope: float) -> tuple[Point, Point]:
    """A brow in the middle of its place whose inner end is lower by `slope` times its length."""
    half = 0.255 * slope
    return (0.76, -0.36 - half), (0.25, -0.36 + half)


@pytest.mark.parametrize("slope", [-0.4, -0.2, 0.0, 0.2, 0.35])
@pytest.mark.parametrize("size", [128, 256])
def test_a_brow_on_skin_is_found_with_its_slope(slope: float, size: int) -> None:
    left, right = found_in(face(brow=sloped(slope)), size)
    level, _ = found_in(face(), size)
    assert (left.side, right.side) == ("left", "right")
    assert (left.inwards, right.inwards) == (1, -1)
    unit = size / SIDE_IN_EYE_DISTANCES
    for brow in (left, right):
        assert brow.slope == pytest.approx(slope, abs=0.03)
        assert np.sign(round(brow.slope - level.slope, 2)) == np.sign(slope)
        assert brow.unit == pytest.approx(unit, rel=0.01)
        assert brow.height == pytest.approx(0.36 * unit, abs=0.03 * unit)
    assert (left.left, left.right) == pytest.approx(
        (size / 2 - 0.76 * unit, size / 2 - 0.25 * unit), abs=0.06 * unit
    )
    assert left.left + right.right == pytest.approx(size, abs=2)
    assert left.right + right.left == pytest.approx(size, abs=2)


@pytest.mark.parametrize("how", [{}, {"fringe": -0.1}])
def test_cover_is_the_ink_and_place_is_around_it(how: dict[str, float]) -> None:
    what = face(**how)
    _, brow = found_in(what)
    row, column = round(0.38 * SIZE - 0.36 * UNIT), round(SIZE / 2 + 0.5 * UNIT)
    assert brow.cover[row, column] > 0.9
    for away in (-0.12, 0.1):
        assert brow.cover[round(row + away * UNIT), column] == 0
    assert ((brow.place > 0.5) >= (brow.cover > 0.5)).all()
    assert brow.cover.shape == brow.place.shape == (SIZE, SIZE)
    assert brow.cover.max() <= 1 >= brow.place.max()
    assert brow.cover.min() >= 0 <= brow.place.min()
    assert brow.cover[:, : SIZE // 2].max() == 0
    drawn = (what.picture[140:172, 255:].max(axis=2) < 110).sum() / 120**2
    assert brow.cover.sum() / UNIT**2 == pytest.approx(drawn, rel=0.4)


def test_a_brow_over_hair_is_found() -> None:
    for brow in found_in(face(fringe=-0.1, brow=sloped(0.2))):
        assert brow.slope == pytest.approx(0.2, abs=0.03)
    assert len(found_in(face(fringe=-0.1))) == 2


STRAND = ((-0.62, -0.85), (-0.42, -0.85), (-0.35, 0.3))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"strands": [STRAND, [(-x, y) for x, y in STRAND]]},
        *({"fringe": height} for height in (-0.5, -0.42, -0.36, -0.3, -0.24)),
    ],
)
def test_lash_strand_and_fringe_are_no_brows(how: dict) -> None:
    assert found_in(face(brow=None, **how)) == ()


@pytest.mark.parametrize("height", [-0.3, -0.36, -0.42])
def test_the_outline_of_a_fringe_is_no_brow(height: float) -> None:
    outline = ((0.76, height), (0.25, height))
    assert len(found_in(face(brow=outline))) == 2
    assert found_in(face(brow=outline, fringe=height)) == ()


def test_a_line_that_is_hardly_seen_is_none() -> None:
    faint = tuple(value - 6 for value in SKIN)
    assert found_in(face(brow_colour=faint)) == ()
    assert len(found_in(face(brow_colour=tuple(value - 60 for value in SKIN)))) == 2


def test_a_line_too_thick_too_steep_or_too_short_is_none() -> None:
    assert found_in(face(brow_width=0.2)) == ()
    assert found_in(face(brow=((0.62, -0.55), (0.45, -0.25)))) == ()
    assert found_in(face(brow=((0.56, -0.36), (0.46, -0.36)))) == ()


def test_two_lines_that_are_unlike_are_not_both_brows() -> None:
    one, other = face(brow=sloped(0.35)), face(brow=sloped(-0.4))
    mixed = one.picture.copy()
    mixed[:, 240:] = other.picture[:, 240:]
    assert len(found_in(replace(one, picture=mixed))) == 1


def test_faces_too_small_to_tell_have_none() -> None:
    what = painted(12.0, (60.0, 60.0), (120, 120))
    matrix, crop = seen(Canvas(what.picture), what.landmarks, 40)
    assert brows_of(crop, in_sides(what.landmarks, matrix, 40)) == ()
    together = dict.fromkeys(what.landmarks, (0.5, 0.5))
    assert brows_of(crop, together) == ()
    nowhere = {name: (float("nan"), 0.5) for name in what.landmarks}
    assert brows_of(np.zeros((64, 64, 3), np.uint8), nowhere) == ()
