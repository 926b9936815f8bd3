"""Open mouths: which are surely ones, and what fills their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from faces.canvas import Canvas
from faces.change import NOTHING, Rectangle
from faces.face import Point
from faces.mouth_wipe import Mouth, open_mouth, wipe
from tests.painted_faces import (
    HAIR,
    INK,
    MOUTH,
    SKIN,
    Painted,
    in_sides,
    oval,
    painted,
    seen,
    turned,
)
from tests.pictures import same_outside

SIZE = 256
ROUND = oval(0.0, 0.78, 0.18, 0.14)
LAUGH = ((-0.24, 0.68), (0.24, 0.68), (0.16, 0.86), (0.0, 0.92), (-0.16, 0.86))
SMALL = oval(0.0, 0.74, 0.07, 0.05)


def face(mouth: Sequence[Point] | None = ROUND) -> Painted:
    return painted(120.0, (240.0, 200.0), (480, 480), open_mouth=mouth)


FACE = face()
PLACE = (slice(270, 318), slice(210, 270))
"""Where the mouth of FACE lies, with its outline, and nothing but skin else."""


def found_in(what: Painted, size: int = SIZE) -> Mouth | None:
    matrix, crop = seen(Canvas(what.picture), what.landmarks, size)
    return open_mouth(crop, in_sides(what.landmarks, matrix, size))


def wiped(
    what: Painted = FACE, share: float = 1.0, canvas: Canvas | None = None, size: int = SIZE
) -> tuple[np.ndarray, Rectangle]:
    """The picture (that of `canvas`) without its mouth, and where that is said to have been."""
    canvas = canvas or Canvas(what.picture)
    matrix, _ = seen(canvas, what.landmarks, size)
    mouth = found_in(what, size)
    assert mouth is not None
    pixels = canvas.pixels.copy()
    return pixels, wipe(pixels, canvas, matrix, mouth, share)


def different(one: np.ndarray, other: np.ndarray | Sequence[int]) -> np.ndarray:
    """How much each pixel differs [H, W]."""
    return np.abs(one.astype(int) - np.array(other, int)).max(axis=2)


def with_patch(corners: Sequence[Point], colour: tuple[int, int, int], outline: int = 0) -> Painted:
    """FACE's face with no mouth and a patch of that colour, with a line of INK around it."""
    picture = face(mouth=oval(0.0, 0.74, 0.01, 0.01)).picture
    cv2.rectangle(picture, (200, 265), (280, 320), SKIN, -1)
    places = np.rint(np.array(corners) * 120 + (240, 200)).astype(np.int32)
    cv2.fillPoly(picture, [places], colour)
    if outline:
        cv2.polylines(picture, [places], True, INK, outline)
    return replace(FACE, picture=picture)


@pytest.mark.parametrize("size", [128, 256, 384])
@pytest.mark.parametrize("mouth", [ROUND, LAUGH, SMALL], ids=["round", "laugh", "small"])
def test_of_an_open_mouth_nothing_is_left(mouth: Sequence[Point], size: int) -> None:
    what = face(mouth)
    assert different(what.picture[PLACE], SKIN).max() > 150
    result, rectangle = wiped(what, size=size)
    assert different(result[255:330, 200:280], SKIN).max() <= 8
    assert same_outside(what.picture, result, [rectangle])


@pytest.mark.parametrize("colour", [(200, 60, 80), (110, 20, 30), (255, 255, 255), (240, 120, 120)])
def test_mouths_of_other_colours_go_too(colour: tuple[int, int, int]) -> None:
    what = with_patch(ROUND, colour, outline=3)
    result, _ = wiped(what)
    assert different(result[PLACE], SKIN).max() <= 8


def test_in_a_large_picture_its_outline_goes_too() -> None:
    what = painted(400.0, (700.0, 560.0), (1400, 1300), open_mouth=LAUGH)
    result, _ = wiped(what)
    assert different(result[780:960, 560:840], SKIN).max() <= 8


def test_hair_beside_a_mouth_does_not_stain_its_place() -> None:
    picture = FACE.picture.copy()
    cv2.rectangle(picture, (274, 250), (282, 340), HAIR, -1)
    result, _ = wiped(replace(FACE, picture=picture))
    assert different(result[PLACE], SKIN).max() <= 8
    assert (result[:, 274:283] == picture[:, 274:283]).all()


@pytest.mark.parametrize("way", [(-0.08, 0.0), (0.08, 0.05), (0.0, -0.08), (0.0, 0.08)])
def test_a_mouth_is_found_near_where_it_is_said_to_be(way: Point) -> None:
    x, y = FACE.landmarks["mouth"]
    there = {"mouth": (x + 120 * way[0], y + 120 * way[1])}
    result, _ = wiped(replace(FACE, landmarks=FACE.landmarks | there))
    assert different(result[PLACE], SKIN).max() <= 8


@pytest.mark.parametrize("size", [128, 192, 256, 384])
def test_a_shut_mouth_is_left(size: int) -> None:
    assert found_in(FACE, size) is not None
    assert found_in(face(None), size) is None
    thin = painted(120.0, (240.0, 200.0), (480, 480), open_mouth=((-0.2, 0.74), (0.2, 0.74)))
    assert found_in(thin, size) is None
    frown = ((-0.15, 0.76), (0.0, 0.71), (0.15, 0.76), (0.0, 0.715))
    assert found_in(with_patch(frown, INK, outline=2), size) is None


def test_skin_and_a_speck_are_no_mouth() -> None:
    speck = oval(0.0, 0.72, 0.02, 0.02)
    assert found_in(with_patch(speck, SKIN)) is None
    assert found_in(with_patch(speck, MOUTH)) is None
    for colour in ((225, 202, 187), (250, 214, 198)):  # shade and blush
        assert found_in(with_patch(ROUND, colour)) is None


@pytest.mark.parametrize("colour", [MOUTH, (60, 120, 60), (30, 30, 30), (255, 255, 255)])
@pytest.mark.parametrize(
    "corners",
    [
        ((-0.3, 0.66), (0.3, 0.66), (0.4, 1.6), (-0.4, 1.6)),
        ((-1.4, 0.62), (0.1, 0.62), (0.1, 0.86), (-1.4, 0.86)),
        ((-1.4, 0.6), (1.4, 0.6), (1.4, 1.4), (-1.4, 1.4)),
        ((-0.1, 0.0), (0.12, 0.0), (0.12, 0.85), (-0.1, 0.85)),
    ],
    ids=["from below", "from the left", "over the chin", "from above"],
)
def test_what_goes_on_beyond_a_mouth_is_left(
    colour: tuple[int, int, int], corners: Sequence[Point]
) -> None:
    """A book, a cup, a collar, hair."""
    assert found_in(with_patch(corners, colour, outline=3)) is None


def test_a_hand_is_left() -> None:
    """It has the skin's colour, and lines around it and within."""
    picture = face(ROUND).picture
    for x in (200, 220, 240, 260):
        for thick, colour in ((24, INK), (18, SKIN)):
            cv2.line(picture, (x, 480), (x + 5, 275), colour, thick, cv2.LINE_AA)
    assert found_in(replace(FACE, picture=picture)) is None


def test_a_share_of_a_mouth_goes() -> None:
    whole, there = wiped()
    half, same = wiped(share=0.5)
    assert same == there
    between = (FACE.picture.astype(float) + whole) / 2
    assert np.abs(half - between).max() <= 1
    assert (wiped(share=0.0)[0] == FACE.picture).all()


@pytest.mark.parametrize("light", [(1.0, 0.8), (0.8, 1.0), (0.5, 0.5)])
def test_shade_stays_shade(light: tuple[float, float]) -> None:
    """Left and right of the mouth's middle, its place takes the tone of the skin beside it."""
    shares = np.where(np.arange(480) < 240, *light)[None, :, None]
    what = replace(FACE, picture=np.rint(FACE.picture * shares).astype(np.uint8))
    result, _ = wiped(what)
    for columns, share in ((slice(218, 226), light[0]), (slice(254, 262), light[1])):
        assert different(result[270:318, columns], share * np.array(SKIN)).max() <= 22
    if light[0] != light[1]:
        left, right = (result[270:318, c].mean() for c in (slice(218, 226), slice(254, 262)))
        assert (left - right) / (light[0] - light[1]) > 100


def test_skin_and_the_place_of_a_line_are_told() -> None:
    mouth = found_in(FACE)
    assert mouth is not None
    assert mouth.skin == pytest.approx(np.array(SKIN) / 255, abs=0.01)
    assert mouth.filled.shape == (SIZE, SIZE, 3)
    matrix, _ = seen(Canvas(FACE.picture), FACE.landmarks, SIZE)
    x, y = (np.linalg.inv(matrix[:, :2]) @ (mouth.line - matrix[:, 2]) - (240, 200)) / 120
    assert x == pytest.approx(0, abs=0.02)
    assert 0.70 < y < 0.78
    assert mouth.unit == pytest.approx(SIZE / 2.7, rel=0.01)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_nothing_changes_outside_and_alpha_stays(depth: type, channels: int) -> None:
    colours = FACE.picture[..., 1:2] if channels < 3 else FACE.picture
    plain, there = wiped(canvas=Canvas(colours))
    if channels % 2 == 0:
        alpha = np.full((480, 480, 1), 255, np.uint8)
        alpha[:, 236:244] = 0
        alpha[:, 225:230] = 90
        colours = np.concatenate([colours, alpha], axis=2)
    factor = 257 if depth is np.uint16 else 1
    pixels: np.ndarray = colours.astype(depth) * factor
    result, rectangle = wiped(canvas=Canvas(pixels))
    assert result.dtype == depth
    assert rectangle == there
    assert same_outside(pixels, result, [rectangle])
    assert (different(result, pixels) > 60 * factor).sum() > 600
    shown = pixels[..., -1] > 0 if channels % 2 == 0 else np.ones((480, 480), bool)
    assert np.abs(result[..., : plain.shape[2]] / factor - plain)[shown].max() <= 1
    assert (result[~shown] == pixels[~shown]).all()
    if channels % 2 == 0:
        assert (result[..., -1] == pixels[..., -1]).all()


def test_a_profile_is_obeyed() -> None:
    def swapped(colours: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(colours[..., [1, 0, 2]])

    result, rectangle = wiped(canvas=Canvas(swapped(FACE.picture), swapped, swapped))
    plain, same = wiped()
    assert rectangle == same
    assert different(swapped(result), plain).max() <= 1


def test_mouths_turn_with_the_face() -> None:
    upright, (x, y, width, height) = wiped()
    lying, rectangle = wiped(turned(FACE))
    assert rectangle == pytest.approx((480 - y - height, x, height, width), abs=3)
    change = different(upright, FACE.picture).sum()
    assert different(np.rot90(lying, 1), upright).sum() < 0.05 * change


@pytest.mark.parametrize(
    ("columns", "rows", "beside"),
    [
        (slice(0, 245), slice(0, 480), False),
        (slice(235, 480), slice(0, 480), False),
        (slice(0, 480), slice(0, 296), False),
        (slice(0, 480), slice(296, 480), False),
        (slice(300, 480), slice(0, 480), True),
        (slice(0, 180), slice(0, 480), True),
        (slice(0, 480), slice(0, 240), True),
        (slice(0, 480), slice(340, 480), True),
    ],
)
def test_mouths_cut_by_the_border_or_beside_the_picture(
    columns: slice, rows: slice, beside: bool
) -> None:
    matrix, _ = seen(Canvas(FACE.picture), FACE.landmarks, SIZE)
    mouth = found_in(FACE)
    assert mouth is not None
    whole, _ = wiped()
    part = np.ascontiguousarray(FACE.picture[rows, columns])
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ (columns.start, rows.start)
    result = part.copy()
    rectangle = wipe(result, Canvas(part), shifted, mouth)
    assert (rectangle == NOTHING) is beside
    assert different(result, whole[rows, columns]).max() <= 1
    assert bool((result != part).any()) is not beside
    assert same_outside(part, result, [rectangle])
    x, y, width, height = rectangle
    assert 0 <= x <= x + width <= part.shape[1]
    assert 0 <= y <= y + height <= part.shape[0]


@pytest.mark.parametrize("way", [(-2.0, 0.0), (2.0, 0.0), (0.0, -2.0), (0.0, 2.0)])
def test_a_mouth_beside_the_crop_is_none(way: Point) -> None:
    matrix, crop = seen(Canvas(FACE.picture), FACE.landmarks, SIZE)
    points = in_sides(FACE.landmarks, matrix, SIZE)
    x, y = points["mouth"]
    assert open_mouth(crop, points) is not None
    assert open_mouth(crop, points | {"mouth": (x + way[0], y + way[1])}) is None
