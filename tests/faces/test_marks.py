"""Tears, blush, sweat and vein: where they lie and on what, in every kind of picture."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from faces.canvas import Canvas
from faces.change import NOTHING, Rectangle
from faces.marks import draw
from tests.painted_faces import HAIR, Painted, frame_of, painted, turned
from tests.pictures import same_outside

MARKS = ("blush", "tears", "sweat", "vein")
ALL = dict.fromkeys(MARKS, 1.0)
FACE = painted(60.0, (120.0, 100.0))
Written = tuple[np.ndarray, Rectangle]


def drawn(face: Painted, amounts: dict[str, float], canvas: Canvas | None = None) -> Written:
    """The picture (that of `canvas`) with marks, and where they are said to be."""
    canvas = canvas or Canvas(face.picture)
    pixels = canvas.pixels.copy()
    return pixels, draw(pixels, canvas, frame_of(face), amounts)


def different(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How much each pixel differs [H, W]."""
    return np.abs(one.astype(int) - other).max(axis=2)


def kind(channels: int, depth: type) -> np.ndarray:
    """FACE with so many channels of that depth, a part of it transparent."""
    grey = channels < 3
    colours = FACE.picture[..., 1:2] if grey else FACE.picture
    if channels % 2 == 0:
        alpha = np.full((240, 240, 1), 255, np.uint8)
        alpha[:, 150:170] = 0
        alpha[:, 70:90] = 90
        colours = np.concatenate([colours, alpha], axis=2)
    return colours.astype(depth) * (257 if depth is np.uint16 else 1)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_nothing_changes_outside_and_alpha_stays(mark: str, depth: type, channels: int) -> None:
    pixels = kind(channels, depth)
    result, rectangle = drawn(FACE, {mark: 1.0}, Canvas(pixels))
    assert result.dtype == depth
    assert same_outside(pixels, result, [rectangle])
    factor = 257 if depth is np.uint16 else 1
    assert (different(result, pixels) > 8 * factor).sum() > 20
    if channels % 2 == 0:
        assert (result[..., -1] == pixels[..., -1]).all()
        assert (result[:, 150:170] == pixels[:, 150:170]).all()
    plain, same = drawn(FACE, {mark: 1.0}, Canvas(kind(1 if channels < 3 else 3, np.uint8)))
    assert same == rectangle
    shown = pixels[..., -1] > 0 if channels % 2 == 0 else np.ones((240, 240), bool)
    colours = result[..., : plain.shape[2]] / factor
    assert np.abs(colours - plain)[shown].max() <= 1


def test_a_profile_is_obeyed() -> None:
    def swapped(colours: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(colours[..., [1, 0, 2]])

    own = swapped(FACE.picture)
    result, rectangle = drawn(FACE, ALL, Canvas(own, swapped, swapped))
    plain, same = drawn(FACE, ALL)
    assert rectangle == same
    assert different(swapped(result), plain).max() <= 6  # what is skin, too, is seen in bytes
    assert different(swapped(result), plain).mean() < 0.1


@pytest.mark.parametrize("mark", MARKS)
def test_more_of_a_mark_changes_more_and_none_nothing(mark: str) -> None:
    steps = [drawn(FACE, {mark: amount})[0] for amount in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    changes = [different(step, FACE.picture).sum() for step in steps]
    assert changes[0] == 0
    assert all(less < more for less, more in pairwise(changes))
    assert drawn(FACE, {mark: 0.0})[1] == NOTHING
    assert (drawn(FACE, {mark: 1.5})[0] == steps[-1]).all()


def test_what_is_no_mark_is_not_drawn() -> None:
    result, rectangle = drawn(FACE, {"brow_tilt_left": 1.0, "blush": -1.0})
    assert rectangle == NOTHING
    assert (result == FACE.picture).all()


def test_marks_lie_where_faces_have_them() -> None:
    """In pixels of FACE, whose eyes lie 60 apart around (120, 100)."""
    places = {
        "blush": (slice(110, 136), slice(60, 180)),
        "tears": (slice(95, 160), slice(60, 180)),
        "sweat": (slice(80, 105), slice(165, 185)),
        "vein": (slice(50, 76), slice(70, 100)),
    }
    for mark, place in places.items():
        change = different(drawn(FACE, {mark: 1.0})[0], FACE.picture) > 8
        inside = change[place].sum()
        assert inside > 0.97 * change.sum() > 20, mark
    for mark in ("blush", "tears"):
        change = different(drawn(FACE, {mark: 1.0})[0], FACE.picture) > 8
        both = change[:, :120].sum(), change[:, 120:].sum()
        assert min(both) > 0.8 * max(both), mark


def test_tears_and_blush_lie_under_hair_and_sweat_and_vein_over_it() -> None:
    picture = FACE.picture.copy()
    picture[:, :100] = picture[:, 165:] = HAIR
    covered = replace(FACE, picture=picture)
    hair = (picture == HAIR).all(axis=2)
    for mark in ("blush", "tears"):
        change = different(drawn(covered, {mark: 1.0})[0], picture)
        assert not change[hair].any(), mark
        assert change.max() > 20, mark
    for mark in ("sweat", "vein"):
        change = different(drawn(covered, {mark: 1.0})[0], picture)
        assert change[hair].max() > 60, mark


def test_marks_turn_with_the_face() -> None:
    upright, (x, y, width, height) = drawn(FACE, ALL)
    lying, rectangle = drawn(turned(FACE), ALL)
    assert rectangle == pytest.approx((240 - y - height, x, height, width), abs=1)
    back = np.rot90(lying, 1)
    assert different(back, upright).max() < 60  # OpenCV's edges differ a little
    assert different(back, upright).mean() < 0.03 * different(upright, FACE.picture).mean()


def test_a_face_that_the_border_cuts_keeps_the_marks_of_its_part() -> None:
    whole, _ = drawn(FACE, ALL)
    left, top = 100, 60
    cut = Painted(
        np.ascontiguousarray(FACE.picture[top:170, left:180]),
        {n: (x - left, y - top) for n, (x, y) in FACE.landmarks.items()},
    )
    part, rectangle = drawn(cut, ALL)
    assert same_outside(cut.picture, part, [rectangle])
    x, y, width, height = rectangle
    assert x >= 0 <= y
    assert x + width <= 80
    assert y + height <= 110
    assert different(part, whole[top:170, left:180]).mean() < 0.5
    assert different(part, cut.picture).mean() > 3


@pytest.mark.parametrize("way", [(-400, 0), (400, 0), (0, -400), (0, 400)])
def test_a_face_beside_the_picture_has_no_marks(way: tuple[int, int]) -> None:
    places = {n: (x + way[0], y + way[1]) for n, (x, y) in FACE.landmarks.items()}
    result, rectangle = drawn(replace(FACE, landmarks=places), ALL)
    assert rectangle == NOTHING
    assert (result == FACE.picture).all()


def test_a_tiny_face_has_marks() -> None:
    face = painted(4.0, (30.0, 30.0), (60, 60))
    result, rectangle = drawn(face, ALL)
    assert same_outside(face.picture, result, [rectangle])
    assert different(result, face.picture).max() > 20


def test_a_large_face_takes_no_more_memory_than_its_picture() -> None:
    face = painted(1480.0, (2000.0, 1900.0), (4000, 4400))
    canvas = Canvas(np.dstack([face.picture, np.full(face.picture.shape[:2], 255, np.uint8)]))
    frame, pixels = frame_of(face), canvas.pixels.copy()
    tracemalloc.start()
    try:
        draw(pixels, canvas, frame, ALL)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (pixels != canvas.pixels).any()
    assert peak < pixels.nbytes
