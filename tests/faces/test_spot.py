"""A part of the picture as seen from the crop: what is read there, and what is written."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from faces.align import Matrix, inverse, of_centres
from faces.canvas import Canvas
from faces.spot import Spot
from tests.pictures import scene, with_alpha

PICTURE = scene(60, 50)
SHIFT = np.array([[1.0, 0.0, -7.0], [0.0, 1.0, 3.0]])
"""A crop of scale 1: its pixel (0, 10) is the picture's (7, 7)."""


def turn(degrees: float, scale: float = 1.0) -> Matrix:
    """The picture turned around its middle, clockwise as seen."""
    c, s = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    return np.array([[c, -s, 30 - 30 * c + 25 * s], [s, c, 25 - 30 * s - 25 * c]])


def constant(spot: Spot, value: float) -> np.ndarray:
    return np.full(spot.x.shape, value, np.float32)


def kinds(channels: int, depth: type) -> np.ndarray:
    """PICTURE with so many channels, the even ones with alpha."""
    pixels = with_alpha(PICTURE) if channels % 2 == 0 else PICTURE
    if channels < 3:
        pixels = np.concatenate([pixels[..., :1], pixels[..., 3:]], axis=2)
    return pixels.astype(depth) * (257 if depth is np.uint16 else 1)


def test_the_middles_of_pixels_lie_where_the_matrix_brings_them() -> None:
    matrix = turn(25, 1.7)
    spot = Spot.of((20, 10, 34, 31), matrix)
    assert spot.x.shape == spot.y.shape == (21, 14)
    for row, column in ((0, 0), (20, 13), (7, 4)):
        there = matrix @ (20 + column + 0.5, 10 + row + 0.5, 1)
        assert (spot.x[row, column], spot.y[row, column]) == pytest.approx(there, abs=1e-4)
    way = inverse(matrix)[:, :2] @ (0, 1)
    assert spot.downwards == pytest.approx(tuple(way))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("down", [0, 5, -8])
def test_whole_pixels_are_moved_exactly(channels: int, depth: type, down: int) -> None:
    pixels = kinds(channels, depth)
    spot = Spot.of((12, 10, 50, 40), SHIFT)
    part = spot.part(pixels)
    found = spot.of_picture(part, constant(spot, down))
    assert found.shape == part.shape
    assert found.dtype == np.float32
    rows = np.clip(np.arange(30) + down, 0, 29)
    np.testing.assert_array_equal(found, part[rows])


@pytest.mark.parametrize(
    ("degrees", "across", "down"), [(90, 4, 0), (180, 0, -4), (270, -4, 0), (0, 0, 4)]
)
def test_down_is_down_in_the_crop(degrees: float, across: int, down: int) -> None:
    """Where the crop is twice as large, 8 of its pixels are 4 of the picture's."""
    spot = Spot.of((10, 10, 50, 40), turn(degrees, 2.0))
    found = spot.of_picture(spot.part(PICTURE), constant(spot, 8))
    expected = PICTURE[15 + down : 35 + down, 15 + across : 45 + across].astype(float)
    np.testing.assert_allclose(found[5:25, 5:35], expected, atol=0.01)


def test_half_a_pixel_is_between_two() -> None:
    spot = Spot.of((12, 10, 50, 40), SHIFT)
    found = spot.of_picture(spot.part(PICTURE), constant(spot, 0.5))
    between = (PICTURE[10:39, 12:50].astype(float) + PICTURE[11:40, 12:50]) / 2
    assert np.abs(found[:-1] - between).max() <= 0.51


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_what_is_transparent_has_no_colour_to_bring(channels: int, depth: type) -> None:
    pixels: np.ndarray = np.full((50, 60, channels), 200, depth)
    pixels[20:24, :, :-1] = 0
    top = np.iinfo(depth).max
    for alpha, below in ((top, 0), (0, 200), (top // 2, 0)):
        pixels[..., -1] = top
        pixels[20:24, :, -1] = alpha
        spot = Spot.of((0, 0, 60, 50), SHIFT)
        found = spot.of_picture(pixels, constant(spot, 4), alpha=True)
        np.testing.assert_allclose(found[16:20, :, :-1], below, atol=0.01)
        np.testing.assert_allclose(found[:16, :, :-1], 200, atol=0.01)


@pytest.mark.parametrize("way", [(0, 0), (3, -2), (-4, 5)])
def test_a_layer_of_the_crop_is_seen_at_whole_places(way: tuple[int, int]) -> None:
    layer = np.random.default_rng(1).random((64, 64)).astype(np.float32)
    matrix = np.array([[1.0, 0, way[0]], [0, 1.0, way[1]]])
    spot = Spot.of((10, 8, 30, 20), matrix)
    there = layer[8 + way[1] : 20 + way[1], 10 + way[0] : 30 + way[0]]
    np.testing.assert_array_equal(spot.seen(layer), there)
    lower = layer[11 + way[1] : 23 + way[1], 10 + way[0] : 30 + way[0]]
    np.testing.assert_array_equal(spot.seen(layer, spot.y + 3), lower)


@pytest.mark.parametrize("degrees", [0, 30, 90, 200])
def test_a_layer_is_seen_as_opencv_sees_it(degrees: float) -> None:
    matrix = turn(degrees, 1.3)
    noise = np.random.default_rng(2).random((64, 64)).astype(np.float32)
    layer = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    whole = np.asarray(cv2.warpAffine(layer, of_centres(matrix), (60, 50), flags=flags))
    spot = Spot.of((5, 6, 55, 44), matrix)
    np.testing.assert_allclose(spot.seen(layer), whole[6:44, 5:55], atol=0.02)


def test_beside_the_crop_nothing_is_seen() -> None:
    spot = Spot.of((0, 0, 8, 8), np.array([[1.0, 0, 100], [0, 1.0, 0]]))
    assert spot.seen(np.ones((64, 64), np.float32)).max() == 0


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_only_what_is_touched_and_to_be_seen_is_written(channels: int, depth: type) -> None:
    pixels = kinds(channels, depth)
    canvas, before = Canvas(pixels), pixels.copy()
    spot = Spot.of((5, 10, 40, 30), SHIFT)
    touched = np.zeros(spot.x.shape, bool)
    touched[3:9, 2:20] = True
    values = np.zeros((*touched.shape, channels), np.float32)
    values[..., 0] = 2 * canvas.top  # what is beyond the range is its end
    spot.write(pixels, canvas, values, touched)
    where = np.zeros(pixels.shape[:2], bool)
    where[13:19, 7:25] = True
    if canvas.has_alpha:
        assert (before[where][..., -1] == 0).any()
        where &= before[..., -1] > 0
    assert where.sum() > 50
    assert (pixels[~where] == before[~where]).all()
    assert (pixels[where][..., 0] == canvas.top).all()
    if canvas.has_alpha:
        assert (pixels[..., -1] == before[..., -1]).all()
    if channels > 2:
        assert (pixels[where][..., 1:3] == 0).all()


def test_values_are_rounded_and_kept_in_range() -> None:
    pixels = np.full((4, 4, 1), 9, np.uint8)
    spot = Spot.of((0, 0, 4, 1), SHIFT)
    values = np.array([[-3.0, 2.6, 7.4, 300.0]], np.float32)[..., None]
    spot.write(pixels, Canvas(pixels), values, np.array([[True, True, True, True]]))
    assert pixels[0, :, 0].tolist() == [0, 3, 7, 255]
    assert (pixels[1:] == 9).all()


def test_a_part_is_the_picture_itself() -> None:
    pixels = PICTURE.copy()
    spot = Spot.of((3, 4, 9, 6), SHIFT)
    spot.part(pixels)[...] = 0
    assert (pixels[4:6, 3:9] == 0).all()
    assert (pixels == 0).all(axis=2).sum() == 12


@pytest.mark.parametrize(
    ("across", "down", "place"),
    [
        ((10.0, 20.0), (15.0, 25.0), (17, 12, 28, 23)),
        ((-30.0, 5.0), (-30.0, 10.0), (0, 0, 13, 8)),
        ((40.0, 90.0), (40.0, 90.0), (47, 37, 60, 50)),
        ((-90.0, 90.0), (-90.0, 90.0), (0, 0, 60, 50)),
    ],
)
def test_around_is_clipped_to_the_picture(
    across: tuple[float, float], down: tuple[float, float], place: tuple[int, ...]
) -> None:
    spot = Spot.around(Canvas(PICTURE), SHIFT, across, down)
    assert spot is not None
    assert spot.place == place


@pytest.mark.parametrize(
    ("across", "down"),
    [
        ((-30.0, -9.0), (10.0, 20.0)),
        ((54.0, 70.0), (10.0, 20.0)),
        ((10.0, 20.0), (-30.0, 1.0)),
        ((10.0, 20.0), (54.0, 90.0)),
    ],
)
def test_beside_the_picture_there_is_no_spot(
    across: tuple[float, float], down: tuple[float, float]
) -> None:
    assert Spot.around(Canvas(PICTURE), SHIFT, across, down) is None


def test_of_a_turned_crop_all_that_the_rectangle_touches_is_around() -> None:
    matrix = turn(30)
    spot = Spot.around(Canvas(PICTURE), matrix, (25.0, 33.0), (20.0, 28.0))
    assert spot is not None
    left, top, right, bottom = spot.place
    rows, columns = np.mgrid[:50, :60]
    x, y = (matrix @ np.stack([columns.ravel() + 0.5, rows.ravel() + 0.5, np.ones(3000)])).reshape(
        2, 50, 60
    )
    touched = np.argwhere((np.abs(x - 29) < 4) & (np.abs(y - 24) < 4))
    assert len(touched) > 50
    assert (touched.min(axis=0) >= (top, left)).all()
    assert (touched.max(axis=0) < (bottom, right)).all()
    assert right - left < 16
    assert bottom - top < 16


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_colours_of_the_crop_become_the_pictures_own(channels: int, depth: type) -> None:
    def swapped(colours: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(colours[..., [1, 0, 2]])

    layer = np.zeros((64, 64, 3), np.float32)
    layer[:] = (0.8, 0.4, 0.2)
    spot = Spot.of((10, 10, 20, 15), SHIFT)
    pixels: np.ndarray = np.zeros((50, 60, channels), depth)
    own = spot.own_colours(Canvas(pixels), layer)
    wanted = (0.8, 0.4, 0.2) if channels == 3 else (0.299 * 0.8 + 0.587 * 0.4 + 0.114 * 0.2,)
    assert own.shape == (5, 10, channels)
    np.testing.assert_allclose(
        own / np.iinfo(depth).max, np.broadcast_to(wanted, own.shape), atol=1e-3
    )
    if channels == 3:
        profiled = spot.own_colours(Canvas(pixels, swapped, swapped), layer)
        np.testing.assert_allclose(profiled, own[..., [1, 0, 2]], atol=1e-2 * np.iinfo(depth).max)
