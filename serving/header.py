"""How large a picture is, from the head of its file; decoding is left to `serving.picture`."""

from __future__ import annotations

from typing import Final

from serving import webp

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a JPEG that tell its size: SOF0 to SOF15 without DHT, JPG and DAC."""

_SCAN: Final = 0xDA
_MOST_SEGMENTS: Final = 1024
"""Real files have some twenty; the search ends so that a crafted one costs no time."""


def is_picture(data: bytes) -> bool:
    """Whether `data` begins as a PNG, JPEG or WebP file."""
    return data.startswith((_PNG, _JPEG)) or webp.is_webp(data)


def size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, before orientation; None where the head does not tell."""
    if data.startswith(_PNG):
        return _png(data)
    if data.startswith(_JPEG):
        return _jpeg(data)
    return webp.size(data) if webp.is_webp(data) else None


def _png(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """The last frame header before the first scan counts, as for those who decode."""
    place, found = len(_JPEG), None
    for _ in range(_MOST_SEGMENTS):
        head = data[place : place + 9]
        if len(head) < 4 or head[0] != 0xFF:
            return None
        if head[1] == _SCAN:
            return found
        if head[1] in _FRAMES and len(head) == 9:
            found = int.from_bytes(head[7:9], "big"), int.from_bytes(head[5:7], "big")
        place += 2 + int.from_bytes(head[2:4], "big")
    return None
