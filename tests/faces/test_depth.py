"""Greys of sixteen bits come out as what they show."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from faces.depth import eight_bits
from tests.pictures import scene

DEEP = np.array([[0, 128, 129, 257, 32768, 65406, 65407, 65535]], np.uint16)
SHOWN = [[0, 0, 1, 1, 128, 254, 255, 255]]


@pytest.mark.parametrize("mode", ["I;16", "I"])
def test_a_grey_of_sixteen_bits_is_rounded(mode: str) -> None:
    file = io.BytesIO()
    Image.fromarray(DEEP).save(file, "PNG")
    with Image.open(file) as image:
        assert image.mode == "I;16"
        shown = eight_bits(image.convert(mode))
    assert shown.mode == "L"
    assert np.asarray(shown).tolist() == SHOWN


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1"])
def test_any_other_picture_is_left_alone(mode: str) -> None:
    image = Image.fromarray(scene()).convert(mode)
    assert eight_bits(image) is image
