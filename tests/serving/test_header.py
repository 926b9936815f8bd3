from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from serving.header import is_picture, size
from tests.pictures import encoded, scene


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "exif": b"Exif\0\0" + bytes(60_000)}),
        ("JPEG", {"icc_profile": bytes(150_000)}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"lossless": False}),
        ("WEBP", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}),
    ],
)
def test_the_size_is_the_one_that_pillow_reads(format: str, options: dict) -> None:
    data = encoded(scene(317, 203), format, **options)
    assert size(data) == (317, 203)
    assert is_picture(data)


def test_what_hides_its_size_has_none() -> None:
    jpeg = encoded(scene(), "JPEG")
    padded = jpeg[:2] + b"\xff\xfe\0\x02" * 5000 + jpeg[2:]  # 5000 comments before the frame
    assert size(padded) is None
    assert is_picture(padded)
    for data in (jpeg[:30], encoded(scene())[:20], encoded(scene(), "WEBP")[:14], b"\xff\xd8\xff"):
        assert size(data) is None


def test_of_two_frames_in_a_jpeg_the_later_counts() -> None:
    small, large = (
        encoded(np.zeros((8, 8), np.uint8), "JPEG"),
        encoded(Image.new("L", (900, 800)), "JPEG"),
    )
    frame = small.index(b"\xff\xc0")
    first = small[frame : frame + 2 + int.from_bytes(small[frame + 2 : frame + 4], "big")]
    assert size(large[:2] + first + large[2:]) == (900, 800)


def test_what_is_no_picture_has_no_size() -> None:
    for data in (b"", b"no picture at all", encoded(scene(), "GIF")):
        assert size(data) is None
        assert not is_picture(data)
