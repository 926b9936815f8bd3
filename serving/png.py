"""PNG, where Pillow falls short: 16 bits a channel, reading and writing within milliseconds."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from isal import isal_zlib
from kornia_rs.io import decode_image_png_u8
from numpy.typing import NDArray

from faces.canvas import Pixels

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_KINDS: Final = {1: 0, 2: 4, 3: 2, 4: 6}
_GREY_ALPHA: Final = 4
_MODES: Final = {2: "rgb", 6: "rgba"}
_SOON: Final = 2_000_000
"""Pixels that are read within some ten milliseconds, for which Python's lock is held."""

_UP: Final = 2
_LEVEL: Final = 1
_BAND: Final = 128
"""Rows that are packed at once, so that no second picture is made of them."""


def chunks(data: bytes) -> Iterator[bytes]:
    """The kinds of a PNG file's chunks in their order, up to the end that one of them states."""
    place, kind = len(_SIGNATURE), b""
    while place + 8 <= len(data) and kind != b"IEND":
        kind = data[place + 4 : place + 8]
        yield kind
        place += 12 + int.from_bytes(data[place : place + 4], "big")


def depth(data: bytes) -> int:
    """Bits a channel, from the header of a PNG file."""
    return data[24]


def decode_soon(data: bytes) -> NDArray[np.uint8] | None:
    """[H, W, 3 or 4] of a PNG file that Pillow has opened, several times faster than Pillow.

    None where Pillow has to read it: greys, palettes, one transparent colour, other depths, rows
    that are interlaced, a large picture, something behind the pixels, or any damage.
    """
    width, height = struct.unpack(">II", data[16:24])
    mode = _MODES.get(data[25])
    if mode is None or depth(data) != 8 or data[28] or width * height > _SOON:
        return None
    kinds = list(chunks(data))
    if b"tRNS" in kinds or kinds[-2:] != [b"IDAT", b"IEND"]:
        return None
    try:
        return np.asarray(decode_image_png_u8(data, (height, width), mode), np.uint8)
    except Exception:  # it raises nothing more exact
        return None
    except BaseException as error:
        if not _is_panic(error):
            raise
        return None


def decode16(data: bytes) -> NDArray[np.uint16]:
    """[H, W, C] of a 16-bit PNG file that is known to be whole. Raises ValueError."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise ValueError("not a PNG with 16 bits a channel")
    if pixels.ndim == 2:
        return np.asarray(pixels[..., None], np.uint16)
    if data[25] == _GREY_ALPHA:  # OpenCV spreads the grey over three channels
        return np.ascontiguousarray(pixels[..., [0, -1]]).astype(np.uint16)
    order = [2, 1, 0, 3][: pixels.shape[2]]
    return np.ascontiguousarray(pixels[..., order]).astype(np.uint16)


def encode(pixels: Pixels, profile: bytes | None = None) -> bytes:
    """A PNG file of [H, W, C], C of 1 to 4, with 8 or 16 bits a channel.

    Each row is stored as its difference to the last, and packed by ISA-L's fast level: on drawings
    that is several times faster than zlib, for files of about the same size.
    """
    height, width, channels = pixels.shape
    bits = 8 * pixels.dtype.itemsize
    packer = isal_zlib.compressobj(_LEVEL)
    parts = [packer.compress(_lines(pixels, first).data) for first in range(0, height, _BAND)]
    header = struct.pack(">IIBBBBB", width, height, bits, _KINDS[channels], 0, 0, 0)
    chunks = _chunk(b"IHDR", header)
    if profile is not None:
        chunks += _chunk(b"iCCP", b"ICC Profile\0\0", zlib.compress(profile))
    chunks += [*_chunk(b"IDAT", *parts, packer.flush()), *_chunk(b"IEND")]
    return b"".join([_SIGNATURE, *chunks])


def _is_panic(error: BaseException) -> bool:
    """Whether code in Rust met what it had not foreseen; such an error has no class to import."""
    return type(error).__name__ == "PanicException"


def _lines(pixels: Pixels, first: int) -> NDArray[np.uint8]:
    """A band of rows as PNG stores it: the kind of filter, then differences to the row above."""
    above = min(first, 1)
    part = pixels[first - above : first + _BAND]
    ordered = np.ascontiguousarray(part.astype(part.dtype.newbyteorder(">"), copy=False))
    rows = ordered.view(np.uint8).reshape(len(part), -1)
    lines = np.empty((len(rows) - above, rows.shape[1] + 1), np.uint8)
    lines[:, 0] = _UP
    if not above:
        lines[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=lines[1 - above :, 1:])
    return lines


def _chunk(kind: bytes, *body: bytes) -> list[bytes]:
    """A chunk in parts: each time that a large one was copied Python's lock would be held."""
    check = zlib.crc32(kind)
    for part in body:
        check = zlib.crc32(part, check)
    return [struct.pack(">I", sum(map(len, body))), kind, *body, struct.pack(">I", check)]
