from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin
from PIL.JpegImagePlugin import JpegImageFile

from serving import png
from serving.picture import (
    AnimatedPictureError,
    EmptyPictureError,
    Format,
    NotAPictureError,
    Picture,
    TooManyBytesError,
    TooManyPixelsError,
    TruncatedPictureError,
    decode,
    encode,
)
from tests.pictures import encoded, opened, scene, with_alpha

SCENE = scene(60, 40, ((30, 20, 6),))


def read(data: bytes) -> Picture:
    return decode(data, max_bytes=10_000_000, max_pixels=1_000_000)


def wide_profile() -> bytes:
    """A profile for RGB that is not sRGB at all: its red is sRGB's green."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA"])
def test_png_of_every_mode_comes_back_with_its_colours(mode: str) -> None:
    image = Image.fromarray(with_alpha(SCENE)).convert(mode)
    back = Image.open(io.BytesIO(encode(read(encoded(image)))))
    assert back.format == "PNG"
    kept = "L" if mode == "1" else mode
    assert back.mode == kept
    assert (np.asarray(back) == np.asarray(image.convert(kept))).all()


def test_a_palette_becomes_rgb() -> None:
    image = Image.fromarray(SCENE).quantize(16)
    assert (opened(encode(read(encoded(image)))) == np.asarray(image.convert("RGB"))).all()


def test_a_palette_with_transparency_becomes_rgba() -> None:
    image = Image.fromarray(SCENE).quantize(16)
    image.info["transparency"] = 3
    data = encoded(image, transparency=3)
    back = Image.open(io.BytesIO(encode(read(data))))
    assert back.mode == "RGBA"
    assert (np.asarray(back) == np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_are_kept(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 65_536, (20, 30, channels), np.uint16)
    picture = read(png.encode(pixels))
    assert (picture.pixels == pixels).all()
    assert (png.decode16(encode(picture)) == pixels).all()


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_sixteen_bits_become_eight_where_the_format_has_no_more(format: Format) -> None:
    pixels = np.full((8, 8, 3), 40_000, np.uint16)
    back = opened(encode(read(png.encode(pixels)), format))
    assert np.abs(back.astype(int) - round(40_000 / 257)).max() <= 1


def test_lossless_webp_stays_lossless_and_lossy_stays_lossy() -> None:
    pixels = with_alpha(SCENE)
    exact = read(encoded(pixels, "WEBP", lossless=True, exact=True))
    assert exact.lossless
    assert (opened(encode(exact)) == pixels).all()
    lossy = read(encoded(pixels, "WEBP", quality=80))
    assert not lossy.lossless
    assert len(encode(lossy)) < len(encode(lossy, quality=100))
    assert (opened(encode(lossy, quality=100)) == lossy.pixels).all()


def test_a_jpeg_keeps_its_tables() -> None:
    data = encoded(SCENE, "JPEG", quality=60, subsampling=0)
    tables = quantization(encode(read(data)))
    assert tables == quantization(data)
    assert quantization(encode(read(data), quality=95))[0][10] < tables[0][10]


def quantization(jpeg: bytes) -> dict[int, list[int]]:
    opened = Image.open(io.BytesIO(jpeg))
    assert isinstance(opened, JpegImageFile)
    return opened.quantization


def test_a_grey_jpeg_stays_grey() -> None:
    assert Image.open(io.BytesIO(encode(read(encoded(SCENE[..., 0], "JPEG"))))).mode == "L"


def test_jpeg_of_a_picture_with_alpha_lies_on_white() -> None:
    back = opened(encode(read(encoded(with_alpha(SCENE))), "jpeg", 95))
    assert back[:, :4].min() > 245


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_dropped(format: str, orientation: int) -> None:
    image = Image.fromarray(SCENE)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "a name"
    options = (
        {"lossless": True} if format == "WEBP" else {"quality": 100} if format == "JPEG" else {}
    )
    data = encoded(image, format, exif=exif, **options)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    shown = Image.open(io.BytesIO(data)).convert("RGB")
    if orientation in turns:
        shown = shown.transpose(turns[orientation])
    picture = read(data)
    assert (picture.pixels == np.asarray(shown)).all()
    back = Image.open(io.BytesIO(encode(picture)))
    assert not back.getexif()
    assert b"a name" not in encode(picture)


def test_orientation_that_comes_after_the_pixels_of_a_png_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    data = encoded(SCENE, exif=exif)
    start = data.index(b"eXIf") - 4
    stop = start + 12 + int.from_bytes(data[start : start + 4], "big")
    late = data[:start] + data[stop:-12] + data[start:stop] + data[-12:]
    assert (read(late).pixels == SCENE[::-1, ::-1]).all()


def test_text_of_a_png_is_dropped() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "somebody in particular")
    assert b"somebody" not in encode(read(encoded(SCENE, pnginfo=info)))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_the_profile_is_kept(format: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    back = encode(read(encoded(SCENE, format, icc_profile=profile)))
    assert Image.open(io.BytesIO(back)).info["icc_profile"] == profile


def test_the_network_sees_srgb_and_paint_comes_back_through_the_profile() -> None:
    canvas = read(encoded(SCENE, icc_profile=wide_profile())).canvas()
    assert canvas.profiled
    colours = np.full((2, 2, 3), (180, 120, 100), np.uint8)
    seen = canvas.to_srgb(colours)
    assert seen[0, 0] == pytest.approx((120, 180, 100), abs=2)
    assert np.abs(canvas.from_srgb(seen).astype(int) - colours).max() <= 3


@pytest.mark.parametrize("profile", [b"not a profile", b"\0" * 200])
def test_a_broken_profile_is_carried_and_not_obeyed(profile: bytes) -> None:
    picture = read(encoded(SCENE, icc_profile=profile))
    assert not picture.canvas().profiled
    assert picture.profile == profile


def test_cmyk_becomes_rgb() -> None:
    data = encoded(Image.fromarray(SCENE).convert("CMYK"), "JPEG", quality=100)
    picture = read(data)
    assert picture.pixels.shape == SCENE.shape
    assert np.abs(picture.pixels.astype(int) - SCENE).mean() < 8
    assert Image.open(io.BytesIO(encode(picture))).mode == "RGB"


def test_no_bytes() -> None:
    with pytest.raises(EmptyPictureError, match="0 bytes"):
        read(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"this is not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encoded(SCENE, "GIF"),
        encoded(SCENE, "BMP"),
    ],
)
def test_what_is_no_picture_of_ours(data: bytes) -> None:
    with pytest.raises(NotAPictureError):
        read(data)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_truncated(format: str, share: float) -> None:
    data = encoded(scene(200, 200), format)
    with pytest.raises(TruncatedPictureError):
        read(data[: int(share * len(data))])


@pytest.mark.parametrize("head", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"])
def test_a_signature_alone_is_a_truncated_file(head: bytes) -> None:
    with pytest.raises(TruncatedPictureError):
        read(head)


def test_truncated_sixteen_bits() -> None:
    data = png.encode(np.random.default_rng(0).integers(0, 65_536, (40, 40, 3), np.uint16))
    with pytest.raises(TruncatedPictureError):
        read(data[: len(data) // 2])


def test_a_huge_header_is_refused_before_decoding() -> None:
    header = bytearray(encoded(np.zeros((1, 1, 3), np.uint8)))
    header[16:24] = (30_000).to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    with pytest.raises(TooManyPixelsError):
        read(bytes(header))


def test_limits() -> None:
    data = encoded(SCENE)
    with pytest.raises(TooManyBytesError, match="limit is 100"):
        decode(data, max_bytes=100, max_pixels=10**6)
    with pytest.raises(TooManyPixelsError, match="60 x 40"):
        decode(data, max_bytes=10**6, max_pixels=2399)
    assert decode(data, max_bytes=len(data), max_pixels=2400).width == 60


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_animated(format: str) -> None:
    frames = [Image.fromarray(scene(seed=s)) for s in (1, 2)]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:])
    with pytest.raises(AnimatedPictureError, match="2 frames"):
        read(data)
