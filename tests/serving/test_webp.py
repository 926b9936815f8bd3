from __future__ import annotations

import numpy as np
import pytest

from serving import webp
from serving.picture import TooManyPixelsError, decode
from tests.pictures import encoded, scene, with_alpha


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("alpha", [True, False])
@pytest.mark.parametrize("profile", [None, b"profile" * 30])
def test_size_and_loss_are_read_from_the_head(
    lossless: bool, alpha: bool, profile: bytes | None
) -> None:
    pixels = with_alpha(scene(70, 41, ())) if alpha else scene(70, 41, ())
    options = {"icc_profile": profile} if profile else {}
    data = encoded(pixels, "WEBP", lossless=lossless, **options)
    assert webp.is_webp(data)
    assert webp.size(data) == (70, 41)
    assert webp.is_lossless(data) == lossless


def test_an_incomplete_head_has_no_size() -> None:
    assert webp.size(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0") is None
    assert not webp.is_lossless(b"RIFF\0\0\0\0WEBP")


def test_a_large_webp_is_refused_by_its_head() -> None:
    data = bytearray(encoded(np.zeros((8, 8, 3), np.uint8), "WEBP", icc_profile=b"p" * 99))
    data[24:27] = data[27:30] = (16_382).to_bytes(3, "little")
    with pytest.raises(TooManyPixelsError, match="16,383 x 16,383"):
        decode(bytes(data), max_bytes=10**6, max_pixels=10**7)
