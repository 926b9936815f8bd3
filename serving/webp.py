"""What the head of a WebP file tells before anything is decoded: its size, and whether it lost."""

from __future__ import annotations

from collections.abc import Iterator


def is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None when the head is incomplete."""
    kind, first = next(_chunks(data), (b"", b""))
    match kind:
        case b"VP8X" if len(first) >= 10:
            return 1 + int.from_bytes(first[4:7], "little"), 1 + int.from_bytes(
                first[7:10], "little"
            )
        case b"VP8L" if len(first) >= 5:
            bits = int.from_bytes(first[1:5], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 " if len(first) >= 10:
            width, height = first[6:8], first[8:10]
            return int.from_bytes(width, "little") & 0x3FFF, int.from_bytes(
                height, "little"
            ) & 0x3FFF
    return None


def is_lossless(data: bytes) -> bool:
    """Whether the picture itself is in a VP8L chunk; an extended file has others before it."""
    for kind, _ in _chunks(data):
        if kind in (b"VP8L", b"VP8 "):
            return kind == b"VP8L"
    return False


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and first ten bytes of each chunk."""
    place = 12
    while place + 8 <= len(data):
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        yield data[place : place + 4], data[place + 8 : place + 8 + min(length, 10)]
        place += 8 + length + length % 2
