"""The line of a shut mouth: when it is drawn, where, and in which colour."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from faces.canvas import Canvas
from faces.change import NOTHING, Rectangle
from faces.face import Point
from faces.mouth_line import mend
from tests.painted_faces import INK, SKIN, Painted, frame_of, painted, turned
from tests.pictures import same_outside

SHUT = {"mouth_open": 0.0}
MOUTH = painted(120.0, (240.0, 200.0), (480, 480))
"""Its mouth's line goes from column 221 to 259, in row 286."""

FACE = replace(MOUTH, picture=MOUTH.picture.copy())
"""The same without a mouth; its landmarks go from column 218 to 262."""
FACE.picture[260:310, 200:280] = SKIN


def mended(
    face: Painted, wanted: dict[str, float], canvas: Canvas | None = None, share: float = 1.0
) -> tuple[np.ndarray, Rectangle]:
    """The picture (that of `canvas`) with its mouth, and where it is said to be."""
    canvas = canvas or Canvas(face.picture)
    pixels = canvas.pixels.copy()
    return pixels, mend(pixels, canvas, frame_of(face), wanted, share)


def different(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How much each pixel differs [H, W]."""
    return np.abs(one.astype(int) - other).max(axis=2)


def with_line(first: int, last: int, row: int = 286, colour: tuple[int, int, int] = INK) -> Painted:
    """FACE with a line from column to column."""
    picture = FACE.picture.copy()
    cv2.line(picture, (first, row), (last, row), colour, 3)
    return replace(FACE, picture=picture)


def rows_of(result: np.ndarray, *columns: float) -> list[float]:
    """The heights of the line over FACE around these columns."""
    change = different(result, FACE.picture)
    return [np.nonzero(change[:, int(c) - 2 : int(c) + 3] > 60)[0].mean() for c in columns]


def with_corners(left: Point, right: Point) -> Painted:
    """FACE with the corners of its mouth there, in eye distances from its middle."""
    there = {"mouth_left": left, "mouth_right": right}
    places = {name: (240 + 120 * x, 200 + 120 * y) for name, (x, y) in there.items()}
    return replace(FACE, landmarks=FACE.landmarks | places)


@pytest.mark.parametrize(
    "wanted",
    [{}, {"mouth_curve": -1.0}, {"mouth_open": 0.1}, SHUT | {"mouth_wave": 0.5}],
)
def test_a_mouth_that_is_not_to_be_shut_is_left_alone(wanted: dict[str, float]) -> None:
    result, rectangle = mended(FACE, wanted)
    assert rectangle == NOTHING
    assert (result == FACE.picture).all()


@pytest.mark.parametrize("row", [280, 286, 292])
def test_a_line_that_is_to_be_seen_is_left_alone(row: int) -> None:
    face = with_line(220, 260, row)
    result, rectangle = mended(face, SHUT)
    assert rectangle == NOTHING
    assert (result == face.picture).all()


@pytest.mark.parametrize("colour", [(240, 210, 196), (255, 255, 255)])
def test_a_line_that_is_hardly_to_be_seen_is_drawn(colour: tuple[int, int, int]) -> None:
    face = with_line(220, 260, colour=colour)
    result, _ = mended(face, SHUT)
    assert (different(result, face.picture) > 60).sum() > 40


def test_a_rest_of_a_line_is_no_line() -> None:
    face = with_line(220, 230)
    result, _ = mended(face, SHUT)
    assert different(result, face.picture)[283:290, 235:260].max() > 60


def test_the_line_goes_from_corner_to_corner() -> None:
    result, rectangle = mended(FACE, SHUT)
    rows, columns = np.nonzero(different(result, FACE.picture) > 60)
    assert (columns.min(), columns.max()) == pytest.approx((218, 261), abs=2)
    assert set(columns) == set(range(columns.min(), columns.max() + 1))
    assert (rows.min(), rows.max()) == pytest.approx((286, 286), abs=2)
    assert same_outside(FACE.picture, result, [rectangle])
    assert rectangle[2] < 60
    assert rectangle[3] < 20


def test_a_sad_mouth_hangs_at_its_ends_and_a_smile_rises_there() -> None:
    bows, ends = [], []
    for curve in (-1.0, -0.5, 0.0, 0.5, 1.0):
        left, middle, right = rows_of(mended(FACE, SHUT | {"mouth_curve": curve})[0], 221, 240, 258)
        assert left == pytest.approx(right, abs=1)
        ends.append((left + right) / 2)
        bows.append(middle - ends[-1])
    assert bows == sorted(bows)
    assert ends == sorted(ends, reverse=True)
    assert ends[0] - ends[4] > 1.5
    assert bows[0] < -3
    assert bows[2] == pytest.approx(0, abs=0.5)
    assert bows[4] > 3


def test_the_line_lies_between_corners_of_different_heights() -> None:
    result, _ = mended(with_corners((-0.2, 0.68), (0.16, 0.78)), SHUT)
    left, right = rows_of(result, 220, 256)
    assert right - left == pytest.approx(36 * 0.10 / 0.36, abs=1.5)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((0.0, 0.72), (0.0, 0.72)),
        ((-0.03, 0.72), (0.03, 0.72)),
        ((-0.5, 0.72), (0.5, 0.72)),
        ((0.18, 0.72), (-0.18, 0.72)),
        ((0.0, 0.6), (0.02, 0.9)),
        ((float("nan"), 0.72), (0.18, 0.72)),
    ],
    ids=["coinciding", "too near", "too far", "the wrong way round", "upright", "no number"],
)
def test_corners_that_are_no_mouths_bring_no_line(left: Point, right: Point) -> None:
    result, rectangle = mended(with_corners(left, right), SHUT)
    assert rectangle == NOTHING
    assert (result == FACE.picture).all()


@pytest.mark.parametrize("skin", [(255, 255, 255), SKIN, (205, 150, 120), (130, 84, 60)])
@pytest.mark.parametrize("eyes", [True, False])
def test_the_line_is_as_much_darker_than_any_skin(skin: tuple[int, int, int], eyes: bool) -> None:
    """Also where the picture shows no white by which its light could be told."""
    picture = FACE.picture.copy()
    picture[(picture == SKIN).all(axis=2)] = skin
    if not eyes:
        cv2.rectangle(picture, (130, 170), (350, 230), skin, -1)
    result, _ = mended(replace(FACE, picture=picture), SHUT)
    there = result[280:293, 240]
    darkest = there[there.sum(axis=1).argmin()] / np.array(skin)
    assert darkest == pytest.approx(0.15 + 0.85 * np.array((0.46, 0.30, 0.31)), abs=0.06)


def test_half_of_a_line_is_half_as_dark() -> None:
    lost = []
    for share in (0.0, 0.5, 1.0):
        result, _ = mended(FACE, SHUT, share=share)
        lost.append(float(FACE.picture.sum()) - float(result.sum()))
    assert lost[0] == 0
    assert lost[1] == pytest.approx(lost[2] / 2, rel=0.02)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_nothing_changes_outside_and_alpha_stays(depth: type, channels: int) -> None:
    colours = FACE.picture[..., 1:2] if channels < 3 else FACE.picture
    plain, there = mended(FACE, SHUT, Canvas(colours))
    if channels % 2 == 0:
        alpha = np.full((480, 480, 1), 255, np.uint8)
        alpha[:, 236:244] = 0
        alpha[:, 225:230] = 90
        colours = np.concatenate([colours, alpha], axis=2)
    factor = 257 if depth is np.uint16 else 1
    pixels: np.ndarray = colours.astype(depth) * factor
    result, rectangle = mended(FACE, SHUT, Canvas(pixels))
    assert result.dtype == depth
    assert rectangle == there
    assert same_outside(pixels, result, [rectangle])
    assert (different(result, pixels) > 60 * factor).sum() > 60
    shown = pixels[..., -1] > 0 if channels % 2 == 0 else np.ones((480, 480), bool)
    assert np.abs(result[..., : plain.shape[2]] / factor - plain)[shown].max() <= 1
    assert (result[~shown] == pixels[~shown]).all()
    if channels % 2 == 0:
        assert (result[..., -1] == pixels[..., -1]).all()


def test_a_profile_is_obeyed() -> None:
    def swapped(colours: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(colours[..., [1, 0, 2]])

    result, rectangle = mended(FACE, SHUT, Canvas(swapped(FACE.picture), swapped, swapped))
    plain, same = mended(FACE, SHUT)
    assert rectangle == same
    assert different(swapped(result), plain).max() <= 1


@pytest.mark.parametrize(
    ("columns", "rows"),
    [(slice(0, 245), slice(0, 480)), (slice(230, 480), slice(0, 480)), (slice(0, 480), slice(287))],
)
def test_of_a_mouth_across_the_border_its_part_is_drawn(columns: slice, rows: slice) -> None:
    whole, _ = mended(FACE, SHUT | {"mouth_curve": -0.5})
    left, top = columns.start or 0, rows.start or 0
    cut = Painted(
        np.ascontiguousarray(FACE.picture[rows, columns]),
        {n: (x - left, y - top) for n, (x, y) in FACE.landmarks.items()},
    )
    result, rectangle = mended(cut, SHUT | {"mouth_curve": -0.5})
    assert same_outside(cut.picture, result, [rectangle])
    assert different(result, whole[rows, columns]).max() <= 4
    assert (different(result, cut.picture) > 60).sum() > 30
    assert rectangle[0] + rectangle[2] <= cut.picture.shape[1]
    assert rectangle[1] + rectangle[3] <= cut.picture.shape[0]


@pytest.mark.parametrize("way", [(-400, 0), (400, 0), (0, -400), (0, 400)])
def test_a_mouth_beside_the_picture_is_not_drawn(way: tuple[int, int]) -> None:
    places = {n: (x + way[0], y + way[1]) for n, (x, y) in FACE.landmarks.items()}
    result, rectangle = mended(replace(FACE, landmarks=places), SHUT)
    assert rectangle == NOTHING
    assert (result == FACE.picture).all()


def test_the_line_turns_with_the_face() -> None:
    upright, (x, y, width, height) = mended(FACE, SHUT | {"mouth_curve": -1.0})
    lying, rectangle = mended(turned(FACE), SHUT | {"mouth_curve": -1.0})
    assert rectangle == pytest.approx((480 - y - height, x, height, width), abs=1)
    change = different(upright, FACE.picture).sum()
    assert different(np.rot90(lying, 1), upright).sum() < 0.15 * change
    seen = mended(turned(MOUTH), SHUT)
    assert seen[1] == NOTHING
