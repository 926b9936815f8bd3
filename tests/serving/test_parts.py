from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from serving.parts import too_many
from serving.picture import TruncatedPictureError, decode
from tests.pictures import encoded, scene

NOISE = np.random.default_rng(1).integers(0, 256, (300, 400, 3), np.uint8)


def png(size: int = 64) -> bytes:
    return encoded(np.zeros((size, size, 3), np.uint8))


def jpeg(**options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, "JPEG", **options)
    return file.getvalue()


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    checked = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checked)


def with_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes `count` times more."""
    data = jpeg(progressive=True)
    end = data.rindex(b"\xff\xd9")
    last = data[data.rindex(b"\xff\xda") : end]
    return data[:end] + last * count + data[end:]


HEAD, TAIL = png()[:33], png()[33:]
BOMBS = {
    "segments": jpeg()[:2] + b"\xff\xef\x00\x02" * 2000 + jpeg()[2:],
    "comments": jpeg()[:2] + b"\xff\xfe\x00\x02" * 2000 + jpeg()[2:],
    "filling": jpeg()[:2] + b"\xff" * 4000 + jpeg()[2:],
    "restarts": jpeg()[:2] + b"\xff\xd0" * 2000 + jpeg()[2:],
    "scans": with_scans(40),
    "scans and tables": with_scans(1)[:-2] + b"\xff\xfe\x00\x04\xff\xda" * 5000 + b"\xff\xd9",
    "chunks before": HEAD + chunk(b"abCd") * 2000 + TAIL,
    "chunks behind": HEAD + TAIL[:-12] + chunk(b"abCd") * 2000 + TAIL[-12:],
    "texts": HEAD + chunk(b"tEXt", b"a\0") * 2000 + TAIL,
    "empty data": HEAD + chunk(b"IDAT") * 2000 + TAIL,
}


@pytest.mark.parametrize("kind", BOMBS)
def test_files_of_very_many_parts_are_refused(kind: str) -> None:
    assert too_many(BOMBS[kind])
    with pytest.raises(TruncatedPictureError, match="parts"):
        decode(BOMBS[kind], max_bytes=10**7, max_pixels=10**6)


def small_data_chunks() -> bytes:
    """A PNG whose pixels come in pieces of 1,500 bytes."""
    rows = b"".join(b"\0" + row.tobytes() for row in np.tile(NOISE, (4, 2, 1)))
    packed = zlib.compress(rows, 0)
    pieces = (chunk(b"IDAT", packed[i : i + 1500]) for i in range(0, len(packed), 1500))
    size = chunk(b"IHDR", struct.pack(">IIBBBBB", 800, 1200, 8, 2, 0, 0, 0))
    return b"".join((png()[:8], size, *pieces, chunk(b"IEND")))


def appended() -> bytes:
    """A photograph with something behind it in which the bytes of scans come by chance."""
    return jpeg() + b"\xff\xda" * 5000


GOOD = {
    "png": encoded(scene()),
    "png in small pieces": small_data_chunks(),
    "png with texts": HEAD + chunk(b"tEXt", b"a\0b") * 50 + TAIL,
    "jpeg": jpeg(),
    "jpeg with restarts": jpeg(restart_marker_rows=1),
    "progressive": jpeg(progressive=True),
    "large profile": jpeg(icc_profile=bytes(3_000_000)),
    "appended": appended(),
    "a thumbnail with scans": jpeg()[:2]
    + b"\xff\xe1\xff\xff"
    + b"\xff\xda" * 32_766
    + b"\0"
    + jpeg()[2:],
    "webp": encoded(scene(), "WEBP"),
}


@pytest.mark.parametrize("kind", GOOD)
def test_real_files_are_not(kind: str) -> None:
    assert not too_many(GOOD[kind])
    assert decode(GOOD[kind], max_bytes=10**7, max_pixels=10**6).width > 0


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff", GOOD["png"][:20]])
def test_what_is_cut_is_left_to_others(data: bytes) -> None:
    assert not too_many(data)


@pytest.mark.parametrize("kind", ["jpeg", "progressive", "png"])
def test_no_cut_and_no_flipped_byte_breaks_the_count(kind: str) -> None:
    data, chance = GOOD[kind], np.random.default_rng(3)
    for _ in range(300):
        broken = bytearray(data[: int(chance.integers(len(data)))])
        for place in chance.integers(0, max(1, len(broken)), 20):
            broken[int(place) : int(place) + 1] = bytes([int(chance.integers(256))])
        assert too_many(bytes(broken)) in (True, False)
