"""Read a picture from bytes and write it again: PNG, JPEG, still WebP.

A picture keeps its size, depth, alpha and colour profile; EXIF orientation is applied and all
other metadata dropped. Limits are checked from the header, before a pixel is decoded.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Literal, get_args

import cv2
import numpy as np
from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from faces.canvas import RGB8, Canvas, Pixels
from serving import parts, png, webp

Format = Literal["png", "webp", "jpeg"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

_READ: Final = tuple(
    plugin.format
    for plugin in (
        PngImagePlugin.PngImageFile,
        JpegImagePlugin.JpegImageFile,  # also opens what phones write, MPO
        WebPImagePlugin.WebPImageFile,
    )
)
_SIGNATURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_DAMAGED: Final = "the file ends early or is damaged; send it again, or save it anew"
_ORIENTATION: Final = 0x0112
_LOSSY_QUALITY: Final = 92
_PAPER: Final = 255
"""What shows through where a picture with alpha is written as JPEG, which has none."""


class PictureError(ValueError):
    """Bytes that cannot be used as a picture; the message says what to do.

    PictureError
      EmptyPictureError
      NotAPictureError
      TruncatedPictureError
      AnimatedPictureError
      TooManyBytesError
      TooManyPixelsError
    """


class EmptyPictureError(PictureError):
    """There are no bytes."""


class NotAPictureError(PictureError):
    """The bytes are not those of a PNG, JPEG or WebP file."""


class TruncatedPictureError(PictureError):
    """The file begins as a picture, but cannot be read to its end."""


class AnimatedPictureError(PictureError):
    """The file holds more than one frame."""


class TooManyBytesError(PictureError):
    """The file is larger than the limit."""


class TooManyPixelsError(PictureError):
    """The picture is larger than the limit."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture as shown. `pixels` is [H, W, C]; see `faces.canvas.Pixels`.

    `jpeg` holds the tables and sampling of a JPEG, `lossless` says whether its WebP was.
    """

    pixels: Pixels
    format: Format
    profile: bytes | None = None
    lossless: bool = True
    jpeg: dict[str, Any] | None = None

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    def canvas(self) -> Canvas:
        """The pixels with the way to sRGB and back through the colour profile."""
        if self.profile is None:
            return Canvas(self.pixels)
        grey = self.pixels.shape[2] < 3
        ways = _colour_ways(self.profile, grey)
        return Canvas(self.pixels, *ways) if ways else Canvas(self.pixels)

    def with_pixels(self, pixels: Pixels) -> Picture:
        return replace(self, pixels=pixels)


def decode(data: bytes, *, max_bytes: int, max_pixels: int) -> Picture:
    """The picture in `data`. Raises a PictureError."""
    if not data:
        raise EmptyPictureError("the picture has 0 bytes; send a PNG, JPEG or WebP file")
    if len(data) > max_bytes:
        raise TooManyBytesError(
            f"the picture has {len(data):,} bytes; the limit is {max_bytes:,}: send a smaller one"
        )
    if webp.is_webp(data):  # Pillow makes room for its pixels as soon as it opens one
        _check_size(webp.size(data) or (0, 0), max_pixels)
    if parts.too_many(data):
        raise TruncatedPictureError("the file is made of far too many parts; save it anew")
    try:
        image = Image.open(io.BytesIO(data), formats=_READ)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixelsError(
            f"the picture is far larger than the limit of {max_pixels:,} pixels: make it smaller"
        ) from error
    except Exception as error:  # Pillow's readers raise many kinds on what is not theirs
        if data.startswith(_SIGNATURES) or webp.is_webp(data):
            raise TruncatedPictureError(_DAMAGED) from error
        raise NotAPictureError(
            "the bytes are not a picture that can be read; send a PNG, JPEG or still WebP file"
        ) from error
    with image:
        _check_size(image.size, max_pixels)
        if image.format != "MPO" and getattr(image, "is_animated", False):
            raise AnimatedPictureError(
                f"the picture is animated ({getattr(image, 'n_frames', 'several')} frames); "
                "send one frame as a still picture"
            )
        try:
            return _read(image, data)
        except MemoryError:
            raise
        except Exception as error:
            raise TruncatedPictureError(_DAMAGED) from error


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise TooManyPixelsError(
            f"the picture is {width:,} x {height:,} pixels; the limit is {max_pixels:,} pixels "
            "in all: make it smaller"
        )


def encode(picture: Picture, format: Format | None = None, quality: int | None = None) -> bytes:
    """`picture` as a file, in its own format unless another is named.

    PNG is lossless. WebP is lossless when the picture came without loss and no `quality` is given,
    and at quality 100. JPEG keeps the tables of the JPEG that came unless `quality` (1 to 100) is
    given; it has no alpha, so the picture is laid on white. Only PNG has more than eight bits.
    """
    format = format or picture.format
    if format == "png":
        return png.encode(picture.pixels, picture.profile)
    pixels = _eight_bits(picture.pixels)
    if format == "webp":
        lossless = quality == 100 or (quality is None and picture.lossless)
        options: dict[str, Any] = {
            "lossless": lossless,
            "exact": True,
            "method": 0 if lossless else 3,
        }
        options["quality"] = _LOSSLESS_EFFORT if lossless else (quality or _LOSSY_QUALITY)
        return _save(_image(_coloured(pixels)), "WEBP", _rgb_only(picture), **options)
    pixels = _on_paper(pixels)
    if quality is None and picture.jpeg and len(picture.jpeg["qtables"]) >= min(pixels.shape[2], 2):
        return _save(_image(pixels), "JPEG", picture.profile, **picture.jpeg)
    return _save(_image(pixels), "JPEG", picture.profile, quality=quality or _LOSSY_QUALITY)


_LOSSLESS_EFFORT: Final = 0


def _save(image: Image.Image, name: str, profile: bytes | None, **options: Any) -> bytes:
    if profile is not None:
        options["icc_profile"] = profile
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def _read(image: Image.Image, data: bytes) -> Picture:
    pixels: Pixels | None = png.decode_soon(data) if image.format == "PNG" else None
    if pixels is None:
        image.load()
        pixels = _pixels(image, data)
    profile = image.info.get("icc_profile") or None
    if image.mode in ("CMYK", "YCCK", "LAB"):
        profile = None  # the pixels are sRGB now
    format: Format = (
        "png" if image.format == "PNG" else "webp" if image.format == "WEBP" else "jpeg"
    )
    jpeg = None
    if isinstance(image, JpegImagePlugin.JpegImageFile) and image.mode in ("L", "RGB"):
        sampling = JpegImagePlugin.get_sampling(image)
        jpeg = {"qtables": image.quantization} | (
            {"subsampling": sampling} if sampling >= 0 else {}
        )
    return Picture(
        _as_shown(pixels, _orientation(image)),
        format,
        profile,
        lossless=format == "png" or (format == "webp" and webp.is_lossless(data)),
        jpeg=jpeg,
    )


def _pixels(image: Image.Image, data: bytes) -> Pixels:
    """[H, W, C]; palettes become colours, CMYK becomes sRGB, depth stays."""
    if image.format == "PNG" and png.depth(data) == 16:
        deep = png.decode16(data)  # Pillow would keep 8 of the 16 bits
        return deep
    if image.mode in ("CMYK", "YCCK"):
        return np.asarray(_cmyk_to_srgb(image))
    if image.mode in ("P", "PA"):
        alpha = image.mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if alpha else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode in ("L", "RGB") and "transparency" in image.info:
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    elif image.mode not in ("L", "LA", "RGB", "RGBA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    array = np.asarray(image, np.uint8)
    return array[..., None] if array.ndim == 2 else array


def _cmyk_to_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, _srgb(), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            pass
        else:
            if converted is not None:
                return converted
    return image.convert("RGB")


def _orientation(image: Image.Image) -> object:
    """What EXIF says of the orientation; a block that cannot be read says nothing."""
    try:
        # The class's own: that of a PNG reads all pixels before it looks.
        return Image.Image.getexif(image).get(_ORIENTATION, 1)
    except Exception:  # the readers of EXIF raise many kinds on damage
        return 1


def _as_shown(pixels: Pixels, orientation: object) -> Pixels:
    """`pixels` turned as EXIF's orientation (1 to 8) asks."""
    match orientation:
        case 2:
            turned = pixels[:, ::-1]
        case 3:
            turned = pixels[::-1, ::-1]
        case 4:
            turned = pixels[::-1]
        case 5:
            turned = pixels.swapaxes(0, 1)
        case 6:
            turned = pixels[::-1].swapaxes(0, 1)
        case 7:
            turned = pixels[::-1, ::-1].swapaxes(0, 1)
        case 8:
            turned = pixels[:, ::-1].swapaxes(0, 1)
        case _:
            return pixels
    return turned.copy()


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def _eight_bits(pixels: Pixels) -> Pixels:
    if pixels.dtype == np.uint8:
        return pixels
    return ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _coloured(pixels: Pixels) -> Pixels:
    """RGB or RGBA: WebP knows no grey."""
    if pixels.shape[2] >= 3:
        return pixels
    return np.concatenate([np.repeat(pixels[..., :1], 3, axis=2), pixels[..., 1:]], axis=2)


def _rgb_only(picture: Picture) -> bytes | None:
    """The profile, unless it is one for grey and the pixels have become RGB."""
    return picture.profile if picture.pixels.shape[2] >= 3 else None


def _on_paper(pixels: Pixels) -> Pixels:
    if pixels.shape[2] in (1, 3):
        return pixels
    colours, alpha = pixels[..., :-1].astype(np.uint32), pixels[..., -1:].astype(np.uint32)
    return ((colours * alpha + _PAPER * (255 - alpha) + 127) // 255).astype(np.uint8)


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


Way = Callable[[RGB8], RGB8]


@lru_cache(maxsize=32)
def _colour_ways(profile: bytes, grey: bool) -> tuple[Way, Way] | None:
    """To sRGB and back through `profile`; None for one that is broken or of other colours."""
    mode = "L" if grey else "RGB"
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        there = ImageCms.buildTransform(own, _srgb(), mode, "RGB")
        back = ImageCms.buildTransform(_srgb(), own, "RGB", mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None

    def to_srgb(colours: RGB8) -> RGB8:
        image = Image.fromarray(np.ascontiguousarray(colours))
        return np.asarray(ImageCms.applyTransform(image.convert(mode), there))

    def from_srgb(colours: RGB8) -> RGB8:
        image = ImageCms.applyTransform(Image.fromarray(np.ascontiguousarray(colours)), back)
        return np.asarray(image.convert("RGB") if image is not None else colours)

    return to_srgb, from_srgb


# A picture far above the limit is refused whatever its header would have Pillow do.
warnings.simplefilter("error", Image.DecompressionBombWarning)
cv2.setNumThreads(1)  # pictures run beside each other, so each takes one core
