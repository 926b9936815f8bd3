"""Of how many parts a PNG or JPEG file is made.

A small file of very many parts takes those who decode it minutes: readers of segments and chunks
go through them one by one, and each scan of a JPEG goes over the whole picture. Nobody makes such
files but to that end, so they are refused unread.
"""

from __future__ import annotations

import re
from typing import Final

from serving import png

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8"

_MOST_SEGMENTS: Final = 1024
"""Before the first scan. Real files have some twenty, or a few hundred with a large profile."""

_MOST_SCANS: Final = 32
"""Real progressive files have about ten."""

_MOST_BETWEEN_SCANS: Final = 4096
_MOST_CHUNKS: Final = 1024
_BYTES_A_CHUNK: Final = 1024
"""Of picture data on average, where there are more chunks of it than `_MOST_CHUNKS`."""

_START_OF_SCAN: Final = 0xDA
_END: Final = 0xD9
_ALONE: Final = frozenset((0x01, *range(0xD0, 0xDA)))
"""Markers that no length follows."""

_MARKER: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""Within a scan: restarts and stuffed bytes belong to it."""


def too_many(data: bytes) -> bool:
    """Whether `data` is a PNG or JPEG file of so many parts that it has to be meant."""
    if data.startswith(_PNG):
        return _many_chunks(data)
    return data.startswith(_JPEG) and _many_segments(data)


def _many_chunks(data: bytes) -> bool:
    of_picture = others = 0
    most_of_picture = _MOST_CHUNKS + len(data) // _BYTES_A_CHUNK
    for kind in png.chunks(data):
        if kind == b"IDAT":
            of_picture += 1
        else:
            others += 1
        if others > _MOST_CHUNKS or of_picture > most_of_picture:
            return True
    return False


def _many_segments(data: bytes) -> bool:
    place = len(_JPEG)
    for _ in range(_MOST_SEGMENTS):
        if data[place : place + 1] != b"\xff" or place + 4 > len(data):
            return False  # those who decode it will say so
        marker = data[place + 1]
        if marker == _START_OF_SCAN:
            return _many_scans(data, place)
        if marker in (0x00, 0xFF):  # bytes that fill
            place += 1
        elif marker in _ALONE:
            place += 2
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return True


def _many_scans(data: bytes, place: int) -> bool:
    """`place` is that of the first scan."""
    if data.count(b"\xff\xda", place) <= _MOST_SCANS:
        return False
    scans = 0
    for _ in range(_MOST_BETWEEN_SCANS):
        marker = data[place + 1]
        if marker == _END:
            return False
        scans += marker == _START_OF_SCAN
        if scans > _MOST_SCANS:
            return True
        if marker not in _ALONE:
            place += int.from_bytes(data[place + 2 : place + 4], "big")
        found = _MARKER.search(data, place + 2)
        if found is None:
            return False
        place = found.start()
    return True
