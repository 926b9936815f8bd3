"""Shapes laid over a picture: where, in which light, and over skin alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from faces.canvas import Canvas
from faces.change import NOTHING
from faces.frame import Frame
from faces.ink import Light, Mark, Stroke, lay
from tests.painted_faces import HAIR, INK, SKIN, frame_of, in_sides, painted, seen
from tests.pictures import same_outside, with_alpha

FACE = painted(60.0, (120.0, 100.0))
RED = (200, 20, 40)
SQUARE = np.array([(-0.2, 0.3), (0.2, 0.3), (0.2, 0.6), (-0.2, 0.6)])
SPOT = (126, 120)
"""Row and column of the middle of SQUARE in the picture of FACE."""


WHITE = Light(np.ones(3, np.float32), np.array(SKIN, np.float32) / np.float32(255), 1.0)


def laid(
    pixels: np.ndarray,
    stroke: Stroke,
    canvas: Canvas | None = None,
    light: Light = WHITE,
    on_skin: bool = False,
    soft: float = 0.0,
) -> tuple[np.ndarray, tuple]:
    result = pixels.copy()
    mark = Mark([stroke], on_skin, soft)
    return result, lay(result, canvas or Canvas(pixels), frame_of(FACE), light, mark)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_shape_covers_its_place_in_every_kind_of_picture(depth: type, channels: int) -> None:
    pixels = with_alpha(FACE.picture) if channels % 2 == 0 else FACE.picture
    if channels < 3:
        pixels = np.concatenate([pixels[..., :1], pixels[..., 3:]], axis=2)
    factor = 257 if depth is np.uint16 else 1
    pixels = pixels.astype(depth) * factor
    result, rectangle = laid(pixels, Stroke(SQUARE, RED, 1.0))
    assert result.dtype == depth
    assert same_outside(pixels, result, [rectangle])
    x, y, width, height = rectangle
    assert (x + width / 2, y + height / 2) == pytest.approx((SPOT[1] + 0.5, SPOT[0] + 1), abs=1.5)
    assert 24 <= width <= 32
    assert 18 <= height <= 26
    wanted = RED if channels > 2 else (0.299 * 200 + 0.587 * 20 + 0.114 * 40,)
    colours = result[SPOT].astype(int)[: len(wanted)] / factor
    assert np.abs(colours - wanted).max() <= 1
    if channels % 2 == 0:
        assert (result[..., -1] == pixels[..., -1]).all()


def test_half_of_a_colour_is_mixed_in() -> None:
    result, _ = laid(FACE.picture, Stroke(SQUARE, RED, 0.5))
    assert np.abs(result[SPOT] - (np.array(RED) + SKIN) / 2).max() <= 1


@pytest.mark.parametrize("turn", [0.0, 0.5, 1.2])
def test_a_line_is_as_wide_as_said_and_a_thin_one_faint(turn: float) -> None:
    along = np.array((np.cos(turn), np.sin(turn)))
    lost = []
    for width in (0.10, 0.05, 1 / 60, 0.5 / 60):
        ink = [
            FACE.picture[..., 0].astype(float).sum()
            - laid(
                FACE.picture,
                Stroke((0, 0.45) + np.outer((-reach, reach), along), (0, 0, 0), 1.0, width),
            )[0][..., 0].sum()
            for reach in (0.15, 0.05)
        ]  # of the difference, the ends are no part
        lost.append((ink[0] - ink[1]) / SKIN[0] / 12)
    assert lost == pytest.approx([6, 3, 1, 0.5], rel=0.25)


def test_soft_edges_are_soft() -> None:
    stroke = Stroke(SQUARE, (0, 0, 0), 1.0)
    hard, small = laid(FACE.picture, stroke)
    soft, large = laid(FACE.picture, stroke, soft=0.08)
    steps = [np.abs(np.diff(p[SPOT[0], 90:150, 0].astype(int))).max() for p in (hard, soft)]
    assert steps[0] > 100 > 40 > steps[1] > 5
    assert large[2] > small[2] + 20
    assert same_outside(FACE.picture, soft, [large])


@pytest.mark.parametrize(
    ("width", "soft"), [(0.0, 0.0), (0.0, 0.08), (0.009, 0.0), (0.034, 0.0), (0.034, 0.04)]
)
def test_a_shape_is_the_same_in_small_and_large_faces(width: float, soft: float) -> None:
    """A large picture, made smaller, shows what is laid over the small one."""
    outline = np.array([(-0.3, 0.3), (0.25, 0.4), (0.1, 0.6), (-0.2, 0.55)])
    mark = Mark([Stroke(outline, (0, 0, 0), 0.9, width)], on_skin=False, soft=soft)
    found = []
    for times in (1, 3, 16):
        pixels = np.full((240 * times, 240 * times, 1), 255, np.uint8)
        there = np.array([[60.0 * times, 0, 120 * times], [0, 60 * times, 100 * times]])
        lay(pixels, Canvas(pixels), Frame({}, there), WHITE, mark)
        found.append(pixels.reshape(240, times, 240, times).mean((1, 3)))
    assert found[2].min() < 200
    for small in found[:2]:
        assert np.abs(small - found[2]).max() < 60
        assert (255 - small).sum() == pytest.approx((255 - found[2]).sum(), rel=0.12)


def test_nothing_is_laid_where_nothing_is_seen() -> None:
    pixels = np.dstack([FACE.picture, np.full(FACE.picture.shape[:2], 255, np.uint8)])
    pixels[SPOT[0] :, :, 3] = 0
    pixels[SPOT[0] - 5, :, 3] = 1
    result, _ = laid(pixels, Stroke(SQUARE, RED, 1.0))
    assert (result[SPOT[0] :] == pixels[SPOT[0] :]).all()
    assert (result[..., 3] == pixels[..., 3]).all()
    assert (result[SPOT[0] - 2, SPOT[1], :3] == RED).all()
    assert (result[SPOT[0] - 5, SPOT[1], :3] == RED).all()


def test_hair_and_lines_hide_what_lies_on_skin() -> None:
    picture = FACE.picture.copy()
    picture[SPOT[0] :, : SPOT[1]] = HAIR
    picture[SPOT[0] :, SPOT[1] :] = INK
    over, _ = laid(picture, Stroke(SQUARE, RED, 1.0))
    under, rectangle = laid(picture, Stroke(SQUARE, RED, 1.0), on_skin=True)
    assert (over[SPOT[0] + 4, SPOT[1] - 8] == RED).all()
    assert (under[SPOT[0] :] == picture[SPOT[0] :]).all()
    assert (under[SPOT[0] - 4, SPOT[1]] == RED).all()
    assert same_outside(picture, under, [rectangle])


def test_a_shape_beside_the_picture_writes_nothing() -> None:
    for way in ((9.0, 0.0), (-9.0, 0.0), (0.0, 9.0), (0.0, -9.0)):
        for soft in (0.0, 0.1):
            result, rectangle = laid(FACE.picture, Stroke(SQUARE + way, RED, 1.0), soft=soft)
            assert rectangle == NOTHING
            assert (result == FACE.picture).all()


def test_the_light_is_that_of_the_face() -> None:
    light = Light.of(FACE.picture, Canvas(FACE.picture), frame_of(FACE))
    np.testing.assert_allclose(light.skin * 255, SKIN, atol=2)
    np.testing.assert_allclose(light.white, 1, atol=0.04)
    dim = (FACE.picture * np.array((0.5, 0.4, 0.6))).astype(np.uint8)
    evening = Light.of(dim, Canvas(dim), frame_of(FACE))
    np.testing.assert_allclose(evening.white, (0.5, 0.4, 0.6), atol=0.02)
    np.testing.assert_allclose(evening.on((255, 255, 255)), evening.white, atol=0.01)
    assert (evening.on((200, 100, 50)) < 0.61 * np.array((200, 100, 50)) / 255).all()


def test_in_shades_of_grey_marks_are_grey() -> None:
    grey = np.repeat(FACE.picture[..., 1:2], 3, axis=2)
    for pixels in (grey, grey[..., :1]):
        light = Light.of(pixels, Canvas(pixels), frame_of(FACE))
        assert light.colourful == 0
        assert np.ptp(light.on(RED)) < 0.01
    assert Light.of(FACE.picture, Canvas(FACE.picture), frame_of(FACE)).colourful == 1


def test_skin_is_skin_in_light_and_shade_and_hair_is_not() -> None:
    light = Light.of(FACE.picture, Canvas(FACE.picture), frame_of(FACE))
    skin = np.array(SKIN, np.float32)
    colours = np.stack([skin, 0.85 * skin, np.array(HAIR), np.array(INK), (255, 0, 255)])
    shares = light.is_skin((colours[None] / 255).astype(np.float32))[0]
    assert shares[:2].tolist() == [1, 1]
    assert shares[2:].tolist() == [0, 0, 0]


def crop_of(picture: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray], float]:
    """The aligned crop of FACE's face in `picture`, its landmarks in pixels, and its unit."""
    matrix, crop = seen(Canvas(picture), FACE.landmarks)
    points = in_sides(FACE.landmarks, matrix)
    return crop, {name: 256 * np.array(p) for name, p in points.items()}, 256 / 2.7


@pytest.mark.parametrize("skin", [SKIN, (130, 84, 60), (90, 100, 130)])
def test_a_crops_skin_is_that_of_the_face(skin: tuple[int, int, int]) -> None:
    picture = FACE.picture.copy()
    picture[(picture == SKIN).all(axis=2)] = skin
    light = Light.of_crop(*crop_of(picture))
    np.testing.assert_allclose(light.skin * 255, skin, atol=2)
    assert (light.white.tolist(), light.colourful) == ([1, 1, 1], 1)


def test_hair_over_one_cheek_is_no_skin() -> None:
    picture = FACE.picture.copy()
    picture[:, :105] = HAIR
    np.testing.assert_allclose(Light.of_crop(*crop_of(picture)).skin * 255, SKIN, atol=2)


def test_a_face_beside_its_crop_has_the_skin_that_is_seen() -> None:
    crop, points, unit = crop_of(FACE.picture)
    below = {name: place + (0, 100) for name, place in points.items()}
    crop = np.concatenate([np.full((100, 256, 3), 9, np.uint8), crop[:-100]])
    np.testing.assert_allclose(Light.of_crop(crop, below, unit).skin * 255, SKIN, atol=2)
    nowhere = {name: place + (0, 1000) for name, place in points.items()}
    assert Light.of_crop(crop, nowhere, unit).skin.tolist() == [1, 1, 1]


def test_how_far_colours_are_from_skin() -> None:
    skin = WHITE.skin
    redder = skin + np.array((0.587, -0.299, 0.0)) * 0.11 / np.hypot(0.587, 0.299)  # as bright
    colours = np.stack([skin, skin - 0.28, skin + 0.14, skin - 0.56, redder])
    off = WHITE.off_skin(colours[None].astype(np.float32))
    assert off.shape == (1, 5)
    assert off[0] == pytest.approx([0, 1, 0.5, 2, 1], abs=1e-3)
    of_face = np.array([SKIN, HAIR, INK, (150, 40, 50), (255, 0, 255)], np.float32) / 255
    far = WHITE.off_skin(of_face[None].astype(np.float32))[0]
    assert far[0] == pytest.approx(0, abs=1e-3)
    assert (far[1:] > 1.7).all()
    shares = WHITE.is_skin(colours[None].astype(np.float32))[0]
    assert shares[:3].tolist() == [1, 1, 1]
    assert shares[3] == 0


def swap(colours: np.ndarray) -> np.ndarray:
    """A profile whose red is sRGB's green."""
    return np.ascontiguousarray(colours[..., [1, 0, 2]])


@pytest.mark.parametrize("way", [swap])
def test_a_profile_is_obeyed(way: Callable[[np.ndarray], np.ndarray]) -> None:
    own = way(FACE.picture)
    canvas = Canvas(own, way, way)
    light = Light.of(own, canvas, frame_of(FACE))
    np.testing.assert_allclose(light.skin * 255, SKIN, atol=2)
    mark = Stroke(SQUARE, RED, 1.0)
    result, _ = laid(own, mark, canvas, light, on_skin=True)
    plain, _ = laid(FACE.picture, mark, None, light, on_skin=True)
    assert np.abs(way(result).astype(int) - plain).max() <= 1
    assert (result[SPOT][[1, 0, 2]] == plain[SPOT]).all()
