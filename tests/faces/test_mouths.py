"""Open mouths, drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from faces.canvas import Canvas
from faces.change import NOTHING, Rectangle
from faces.frame import Frame
from faces.mouths import draw
from tests.painted_faces import SKIN, in_sides, painted, seen
from tests.pictures import same_outside, with_alpha

SIDE = 256
FACE = painted(120.0, (240.0, 200.0), (480, 480))
MATRIX, _ = seen(Canvas(FACE.picture), FACE.landmarks, SIDE)
BARE = np.full_like(FACE.picture, SKIN)
"""Skin, where mouths show as they are drawn."""

MIDDLE = np.array((0.0, 0.74))
SKIN_SHARE = np.array(SKIN, np.float32) / np.float32(255)


def drawn(
    wanted: dict[str, float],
    share: float = 1.0,
    pixels: np.ndarray = BARE,
    middle: np.ndarray = MIDDLE,
) -> tuple[np.ndarray, Rectangle]:
    frame = Frame.of(in_sides(FACE.landmarks, MATRIX, SIDE), MATRIX, SIDE)
    assert frame is not None
    result = pixels.copy()
    skin = SKIN_SHARE
    return result, draw(result, Canvas(pixels), frame, middle, skin, wanted, share)


def ink(result: np.ndarray, ground: np.ndarray = BARE) -> np.ndarray:
    return np.abs(result.astype(int) - ground).max(axis=2) > 40


def extent(wanted: dict[str, float]) -> tuple[int, int]:
    """Width and height of a mouth, in pixels."""
    rows, columns = np.nonzero(ink(drawn(wanted)[0]))
    return int(np.ptp(columns)), int(np.ptp(rows))


def test_it_opens_and_widens_as_it_is_asked_to() -> None:
    heights = [extent({"mouth_open": o, "mouth_curve": 0.5})[1] for o in (0.0, 0.2, 0.5, 1.0)]
    assert heights == sorted(heights)
    assert heights[3] == pytest.approx(0.46 * 120, abs=14)
    widths = [extent({"mouth_open": 0.4, "mouth_width": w})[0] for w in (-1.0, 0.0, 0.5, 1.0)]
    assert widths == sorted(widths)
    assert widths[3] - widths[1] == pytest.approx(0.38 * 120, abs=6)


def test_a_smile_has_its_corners_up_and_a_frown_down() -> None:
    for curve in (0.8, -0.8):
        mouth = ink(drawn({"mouth_open": 0.4, "mouth_width": 0.5, "mouth_curve": curve})[0])
        rows, columns = np.nonzero(mouth)
        ends = rows[(columns < columns.min() + 4) | (columns > columns.max() - 4)].mean()
        assert np.sign(rows.mean() - ends) == np.sign(curve)


def test_tongue_and_teeth_are_inside() -> None:
    plain, _ = drawn({"mouth_open": 0.6, "mouth_width": 0.5, "mouth_curve": 0.7})
    for name, brighter in (("tongue", slice(0, 1)), ("teeth", slice(0, 3))):
        other, _ = drawn({"mouth_open": 0.6, "mouth_width": 0.5, "mouth_curve": 0.7, name: 0.5})
        where = np.abs(other.astype(int) - plain).max(axis=2) > 30
        assert where.sum() > 60
        mouth = cv2.dilate(ink(plain).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        assert (mouth | ~where).all()
        gain = other[where][:, brighter].astype(int) - plain[where][:, brighter]
        assert np.median(gain) > 40
    rows = {}
    for name in ("tongue", "teeth"):
        other, _ = drawn({"mouth_open": 0.6, "mouth_width": 0.5, "mouth_curve": 0.7, name: 0.5})
        rows[name] = np.nonzero((other != plain).any(axis=2))[0].mean()
    assert rows["teeth"] < rows["tongue"]


def test_lips_that_hardly_part_are_a_line() -> None:
    shut, _ = drawn({"mouth_open": 0.0, "mouth_wave": 0.8})
    assert extent({"mouth_open": 0.0, "mouth_wave": 0.8})[1] < 14
    assert 20 < ink(shut).sum() < 250


def test_less_of_it_is_seen_through() -> None:
    wanted = {"mouth_open": 0.5}
    whole, half, none = (drawn(wanted, share)[0].astype(int) for share in (1.0, 0.5, 0.0))
    assert (none == BARE).all()
    middle = (289 + 6, 240)
    both = (whole[middle] + BARE[middle].astype(int)) / 2
    assert half[middle] == pytest.approx(both, abs=14)


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("place", [(0.0, 0.74), (2.0, 0.74), (0.3, 2.3)])
def test_nothing_changes_outside_and_alpha_stays(alpha: bool, place: tuple[float, float]) -> None:
    before = with_alpha(BARE) if alpha else BARE
    result, written = drawn({"mouth_open": 0.5}, pixels=before, middle=np.array(place))
    assert same_outside(before, result, [written])
    if alpha:
        assert (result[..., 3] == before[..., 3]).all()
        assert (result[before[..., 3] == 0] == before[before[..., 3] == 0]).all()


def test_beside_the_picture_nothing_is_drawn() -> None:
    result, written = drawn({"mouth_open": 0.5}, middle=np.array((9.0, 0.7)))
    assert written == NOTHING
    assert (result == BARE).all()
