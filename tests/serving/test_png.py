from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kornia_rs.io import decode_image_png_u8
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from faces.canvas import Pixels
from serving import png
from serving.picture import decode


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


def saved(pixels: Pixels, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def filtered(pixels: Pixels, kind: int, interlaced: int = 0) -> bytes:
    """A PNG file all of whose rows have the filter `kind`; their bytes are taken for the result."""
    height, width, channels = pixels.shape
    rows = pixels.reshape(height, -1)
    lines = b"".join(bytes([kind]) + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, interlaced)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


SOME = np.random.default_rng(2).integers(0, 256, (37, 53, 4), np.uint8)


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize("channels", [3, 4])
def test_pixels_that_are_read_soon_are_those_that_pillow_reads(kind: int, channels: int) -> None:
    data = filtered(SOME[..., :channels], kind)
    found = png.decode_soon(data)
    assert found is not None
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    assert (found == np.asarray(Image.open(io.BytesIO(data)))).all()


def test_a_profile_and_words_before_the_pixels_are_no_hindrance() -> None:
    text = PngInfo()
    text.add_text("Comment", "drawn", zip=True)
    found = png.decode_soon(saved(SOME, icc_profile=b"a profile", pnginfo=text))
    assert found is not None
    assert (found == SOME).all()


GOOD = saved(SOME)


@pytest.mark.parametrize(
    "data",
    [
        saved(SOME[..., 0]),
        saved(SOME[..., :2].copy().view(np.uint16)[..., 0]),
        saved(SOME[..., :3], transparency=(1, 2, 3)),
        filtered(SOME[:1, :1], 0, interlaced=1),
        saved(np.zeros((1415, 1415, 3), np.uint8)),
        GOOD[:-12] + chunk(b"eXIf", b"MM") + chunk(b"IEND"),
        GOOD[:-12],
        GOOD[: len(GOOD) // 2],
        GOOD[:-20] + bytes(4) + GOOD[-16:],
    ],
    ids=[
        "grey",
        "16 bits",
        "one transparent colour",
        "interlaced",
        "large",
        "EXIF behind the pixels",
        "no end",
        "half",
        "damaged",
    ],
)
def test_the_rest_is_left_to_pillow(data: bytes) -> None:
    assert png.decode_soon(data) is None


class PanicException(BaseException):
    """What code in Rust raises where it panics."""


def failing(error: BaseException) -> Callable[..., object]:
    def fail(*_: object) -> object:
        raise error

    return fail


def panicking(data: bytes, _: tuple[int, int], mode: str) -> object:
    """The decoder, where there is no memory for the pixels."""
    return decode_image_png_u8(data, (2**28, 2**28), mode)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the panic
@pytest.mark.parametrize(
    "decoder", [failing(PanicException("out of bounds")), panicking], ids=["of ours", "its own"]
)
def test_a_decoder_that_panics_leaves_the_picture_to_pillow(
    decoder: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(png, "decode_image_png_u8", decoder)
    assert png.decode_soon(GOOD) is None
    picture = decode(GOOD, max_bytes=10**6, max_pixels=10**6)
    assert (picture.pixels == SOME).all()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_whoever_ends_the_program_is_not_held_up(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(png, "decode_image_png_u8", failing(error))
    with pytest.raises(type(error)):
        png.decode_soon(GOOD)


def test_what_lies_behind_the_end_is_not_gone_through() -> None:
    kinds = list(png.chunks(GOOD + bytes(12) * 100_000))
    assert kinds[0] == b"IHDR"
    assert kinds[-1] == b"IEND"
    assert set(kinds[1:-1]) == {b"IDAT"}
