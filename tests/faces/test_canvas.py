from __future__ import annotations

import numpy as np
import pytest

from faces.canvas import Canvas, halved, over_ground, premultiplied, reduced, whole_pixels
from tests.pictures import scene, with_alpha

GROUND = (10, 200, 90)


def blocks(pixels: np.ndarray, step: int) -> np.ndarray:
    """The means of step x step blocks, worked out the plain way."""
    height, width, channels = pixels.shape
    cut = pixels.reshape(height // step, step, width // step, step, channels)
    return cut.astype(float).mean(axis=(1, 3))


@pytest.mark.parametrize(("scale", "step"), [(1.5, 1), (0.6, 1), (0.5, 2), (0.26, 2), (0.2, 4)])
def test_samples_are_means_and_never_coarser_than_the_target(scale: float, step: int) -> None:
    pixels = scene(160, 400)  # several bands
    samples, found = reduced(Canvas(pixels), (0, 0, 160, 400), scale)
    assert found == step
    assert np.abs(samples - blocks(pixels, step)).max() <= 1.5


def test_a_part_is_the_part_of_the_whole() -> None:
    pixels = scene(160, 400)
    samples, step = reduced(Canvas(pixels), (32, 80, 96, 144), 0.25)
    assert np.abs(samples - blocks(pixels[80:144, 32:96], step)).max() <= 1.5


def test_transparent_pixels_do_not_bleed_into_their_neighbours() -> None:
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., 1] = 255  # green that nobody sees
    pixels[:, 33:] = (80, 80, 80, 255)
    samples, _ = reduced(Canvas(pixels), (0, 0, 64, 64), 0.5)
    assert (samples[:, 17:] == (80, 80, 80, 255)).all()
    assert (samples[:, 16, 3] == 128).all()
    assert (samples[:, 16, :3] == 40).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_depth_and_grey_make_no_difference(channels: int) -> None:
    pixels = with_alpha(np.repeat(scene()[..., :1], 3, axis=2))[..., -channels:]
    if channels in (1, 3):
        pixels = scene()[..., :1].repeat(channels, axis=2)
    plain = over_ground(*_all(pixels), GROUND)
    deep = over_ground(*_all(pixels.astype(np.uint16) * 257), GROUND)
    assert (plain == deep).all()
    if channels <= 2:
        three = np.repeat(pixels[..., :1], 3, axis=2)
        same = np.concatenate([three, pixels[..., 1:]], axis=2)
        assert (plain == over_ground(*_all(same), GROUND)).all()


def _all(pixels: np.ndarray) -> tuple[np.ndarray, Canvas]:
    canvas = Canvas(pixels)
    return reduced(canvas, (0, 0, canvas.width, canvas.height), 1.0)[0], canvas


def test_the_ground_shows_by_as_much_as_alpha_lacks() -> None:
    pixels = np.full((1, 256, 4), 120, np.uint8)
    pixels[0, :, 3] = np.arange(256)
    share = np.arange(256)[:, None] / 255
    seen = over_ground(*_all(pixels), GROUND)[0]
    assert np.abs(seen - (share * 120 + (1 - share) * np.array(GROUND))).max() <= 1.01
    assert (seen[0] == GROUND).all()
    assert (seen[255] == 120).all()


def test_a_profile_sees_straight_colours() -> None:
    told: list[np.ndarray] = []

    def to_srgb(colours: np.ndarray) -> np.ndarray:
        told.append(colours)
        return 255 - colours

    pixels = np.full((4, 4, 4), 60, np.uint8)
    pixels[..., 3] = 128
    canvas = Canvas(pixels, to_srgb, to_srgb)
    seen = over_ground(_all(pixels)[0], canvas, GROUND)
    assert np.abs(told[0].astype(int) - 60).max() <= 1
    half = np.array([195 * 128 + g * 127 for g in GROUND]) / 255
    assert np.abs(seen - half).max() <= 2


def test_an_odd_last_row_and_column_count_twice() -> None:
    samples = np.zeros((3, 3, 3), np.uint8)
    samples[2, 2] = 200
    assert halved(samples)[..., 0].tolist() == [[0, 0], [0, 200]]


def test_colours_times_alpha_only_where_something_is_transparent() -> None:
    pixels = with_alpha(scene())
    assert premultiplied(pixels[:, 120:], alpha=True).dtype == np.uint8
    result = premultiplied(pixels, alpha=True)
    assert result.dtype == np.float32
    assert (result[..., -1] == pixels[..., -1]).all()
    assert (result[:, 0] == 0).all()


@pytest.mark.parametrize(
    ("start", "stop", "found"),
    [
        (0.2, 4.0, (0, 4)),
        (-3, 2.1, (0, 3)),
        (8.5, 30, (8, 10)),
        (-9, -5, (0, 1)),
        (40, 50, (9, 10)),
    ],
)
def test_whole_pixels_are_inside_and_at_least_one(
    start: float, stop: float, found: tuple[int, int]
) -> None:
    assert whole_pixels(start, stop, 10) == found
