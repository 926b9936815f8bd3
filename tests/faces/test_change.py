from __future__ import annotations

import cv2
import numpy as np
import pytest

from contract.alignment import TEMPLATE
from faces.align import similarity
from faces.canvas import Canvas
from faces.change import NOTHING, Change, apply
from tests.pictures import same_outside, scene, with_alpha

SIZE = 64
EYES = {"left_eye": (100.0, 90.0), "right_eye": (140.0, 98.0)}


def change(
    mask: float = 1.0, paint: float = 0.5, move: tuple[float, float] | None = None
) -> Change:
    grid = (np.arange(SIZE, dtype=np.float32) + 0.5) / SIZE - 0.5
    spot = np.clip(4 - 16 * np.hypot(grid[None], grid[:, None]), 0, 1).astype(np.float32)
    moves = None
    if move is not None:
        moves = np.array(move, np.float32).reshape(2, 1, 1) * spot
    return Change(np.full((3, SIZE, SIZE), paint, np.float32), spot * np.float32(mask), moves)


def applied(pixels: np.ndarray, what: Change, eyes: dict = EYES) -> tuple[np.ndarray, tuple]:
    result = pixels.copy()
    rectangle = apply(result, Canvas(pixels), similarity(eyes, TEMPLATE, SIZE), what)
    return result, rectangle


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_nothing_changes_outside_and_something_inside(depth: type, channels: int) -> None:
    pixels = scene()
    if channels % 2 == 0:
        pixels = with_alpha(pixels)
    if channels < 3:
        pixels = np.concatenate([pixels[..., :1], pixels[..., 3:]], axis=2)
    pixels = pixels.astype(depth) * (257 if depth is np.uint16 else 1)
    result, rectangle = applied(pixels, change(move=(0.03, 0)))
    x, y, width, height = rectangle
    assert result.dtype == depth
    assert same_outside(pixels, result, [rectangle])
    assert 20 < width < 80
    assert 20 < height < 80
    middle = result[y + height // 2, x + width // 2]
    half = round(np.iinfo(depth).max / 2)
    assert np.abs(middle[: 1 if channels < 3 else 3].astype(int) - half).max() <= 1
    if channels % 2 == 0:
        assert (result[..., -1] == pixels[..., -1]).all()


def test_the_rectangle_is_tight() -> None:
    pixels = scene(faces=())
    result, (x, y, width, height) = applied(pixels, change(paint=1.0))
    rows, columns = np.nonzero((pixels != result).any(axis=2))
    # The outermost touched pixels may have kept their value after rounding.
    assert 0 <= columns.min() - x <= 2
    assert 0 <= rows.min() - y <= 2
    assert 0 <= x + width - 1 - columns.max() <= 2
    assert 0 <= y + height - 1 - rows.max() <= 2


@pytest.mark.parametrize("what", [change(mask=0), change(mask=0.0019), change(0, move=(0, 0))])
def test_a_change_of_nothing_touches_nothing(what: Change) -> None:
    pixels = scene()
    result, rectangle = applied(pixels, what)
    assert rectangle == NOTHING
    assert (result == pixels).all()


def test_a_whole_mask_fades_towards_the_border_of_the_crop() -> None:
    pixels = np.zeros((200, 240, 3), np.uint8)
    full = Change(np.ones((3, SIZE, SIZE), np.float32), np.ones((SIZE, SIZE), np.float32))
    result, _ = applied(pixels, full)
    steps = np.abs(np.diff(result[..., 0].astype(int), axis=1))
    assert result.max() == 255
    assert steps.max() < 90  # a hard border would be one step of 255


def test_moves_take_the_pixel_from_where_they_point_to() -> None:
    pixels = np.zeros((240, 240, 3), np.uint8)
    pixels[:, 124:] = 200
    eyes = {"left_eye": (100.0, 100.0), "right_eye": (140.0, 100.0)}  # a side is 108 pixels
    result, _ = applied(pixels, change(mask=0, move=(8.2 / 108, 0)), eyes)
    middle = 113  # 0.38 of a side above it lie the eyes
    assert (result[middle, 117:] == 200).all()  # the edge has come 8 pixels to the left
    assert (result[middle, :115] == 0).all()
    assert (result[20] == pixels[20]).all()


def test_a_turned_face_moves_along_its_own_axes() -> None:
    pixels = np.zeros((240, 240, 3), np.uint8)
    pixels[124:] = 200
    eyes = {"left_eye": (113.0, 80.0), "right_eye": (113.0, 120.0)}  # turned by 90 degrees
    result, _ = applied(pixels, change(mask=0, move=(8.2 / 108, 0)), eyes)
    assert (result[117:124, 100] == 200).all()


def test_what_only_moves_stays_as_sharp_as_it_was() -> None:
    rng = np.random.default_rng(3)
    pixels = np.kron(
        rng.integers(0, 2, (256, 256, 1), np.uint8) * 255, np.ones((4, 4, 3), np.uint8)
    )
    eyes = {"left_eye": (340.0, 480.0), "right_eye": (680.0, 480.0)}  # a face of 900 px
    result, (x, y, width, height) = applied(pixels, change(mask=0, move=(0.02, 0)), eyes)
    part = (
        slice(y + height // 2 - 60, y + height // 2 + 60),
        slice(x + width // 2 - 60, x + width // 2 + 60),
    )
    sharpness = [
        cv2.Laplacian(p[part][..., 0].astype(np.float32), -1).var() for p in (pixels, result)
    ]
    assert (pixels[part] != result[part]).any()
    assert sharpness[1] > 0.6 * sharpness[0]


def test_transparent_pixels_keep_their_bytes() -> None:
    pixels = with_alpha(scene())
    pixels[60:140, 90:150, 3] = 0
    result, _ = applied(pixels, change(move=(0.05, 0.05)))
    clear = pixels[..., 3] == 0
    assert (result[clear] == pixels[clear]).all()
    assert (result[..., 3] == pixels[..., 3]).all()


def test_no_colour_is_drawn_out_of_transparent_parts() -> None:
    pixels = np.zeros((200, 240, 4), np.uint8)
    pixels[..., :3] = (0, 255, 0)  # what nobody sees
    pixels[:, 120:] = (90, 90, 90, 255)
    result, _ = applied(pixels, change(mask=0, move=(-0.1, 0)))
    assert np.abs(result[:, 120:, :3].astype(int) - 90).max() <= 3


def test_a_face_half_outside_the_picture_is_fine() -> None:
    pixels = scene(faces=())
    result, rectangle = applied(
        pixels, change(), {"left_eye": (-20.0, 5.0), "right_eye": (18.0, 5.0)}
    )
    assert rectangle[:2] == (0, 0)
    assert same_outside(pixels, result, [rectangle])


def test_a_face_outside_the_picture_changes_nothing() -> None:
    pixels = scene(faces=())
    far = {"left_eye": (900.0, 900.0), "right_eye": (940.0, 900.0)}
    assert applied(pixels, change(), far)[1] == NOTHING


def test_a_tiny_face_is_changed_without_aliasing() -> None:
    pixels = np.full((60, 60, 3), 100, np.uint8)
    checks = np.indices((SIZE, SIZE)).sum(0) % 2
    paint = np.broadcast_to(checks.astype(np.float32), (3, SIZE, SIZE))
    what = Change(paint, np.ones((SIZE, SIZE), np.float32))
    result, (x, y, width, height) = applied(
        pixels, what, {"left_eye": (26.0, 28.0), "right_eye": (34.0, 28.0)}
    )
    inside = result[y + 4 : y + height - 4, x + 4 : x + width - 4].astype(int)
    assert np.abs(inside - 127).max() <= 12  # the mean of the checks, no moiré


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_tiles_leave_no_seams(depth: type, monkeypatch: pytest.MonkeyPatch) -> None:
    top = int(np.iinfo(depth).max)
    pixels: np.ndarray = with_alpha(scene(1000, 900, faces=())).astype(depth) * (top // 255)
    eyes = {"left_eye": (340.0, 420.0), "right_eye": (680.0, 450.0)}
    what = change(mask=0.7, move=(0.02, 0.01))
    result, rectangle = applied(pixels, what, eyes)
    assert min(rectangle[2:]) > 400
    monkeypatch.setattr("faces.change._TILE", 77)
    other, same = applied(pixels, what, eyes)
    assert same == rectangle
    # OpenCV rounds the last points of a row unlike the others: a handful of pixels, a little.
    difference = np.abs(other.astype(int) - result)
    assert difference.max() <= 0.01 * top
    assert (difference > 0).mean() < 1e-4


def test_moves_far_beyond_the_crop_count_as_one_side() -> None:
    pixels = scene(faces=())
    size = np.full((2, SIZE, SIZE), 1e9, np.float32)
    far = Change(np.zeros((3, SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), np.float32), size)
    result, rectangle = applied(pixels, far)
    assert same_outside(pixels, result, [rectangle])
    assert rectangle != NOTHING
