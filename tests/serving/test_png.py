from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from faces.canvas import Pixels
from serving import png


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_come_back(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 65_536, (13, 17, channels), np.uint16)
    data = png.encode(pixels, b"a profile")
    assert png.depth(data) == 16
    assert (png.decode16(data) == pixels).all()
    assert Image.open(io.BytesIO(data)).info["icc_profile"] == b"a profile"


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_eight_bits_are_read_by_others(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (13, 17, channels), np.uint8)
    data = png.encode(pixels)
    assert png.depth(data) == 8
    image = Image.open(io.BytesIO(data))
    assert image.mode == ("L", "LA", "RGB", "RGBA")[channels - 1]
    assert (np.asarray(image).reshape(pixels.shape) == pixels).all()


def test_several_bands_of_rows() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (300, 9, 3), np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(png.encode(pixels)))) == pixels).all()


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((3000, 500, 4), np.uint8)[::-1], np.zeros((3000, 500, 4), np.uint16)],
    ids=["eight bits, turned", "sixteen bits"],
)
def test_no_second_picture_is_made(pixels: Pixels) -> None:
    tracemalloc.start()
    try:
        png.encode(pixels)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < pixels.nbytes / 2


def test_one_pixel() -> None:
    pixels = np.full((1, 1, 3), 7, np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(png.encode(pixels)))) == pixels).all()


def test_eight_bits_are_not_taken_for_sixteen() -> None:
    with pytest.raises(ValueError, match="16 bits"):
        png.decode16(png.encode(np.zeros((4, 4, 3), np.uint8)))
