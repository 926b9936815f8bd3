"""Pictures to tensors and back."""

from __future__ import annotations

import numpy as np
import pytest

from contract.card import Pixels
from contract.pixels import PixelError, from_network, to_network

ALL_VALUES = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)


@pytest.mark.parametrize("value_range", [(-1.0, 1.0), (0.0, 1.0), (0.0, 255.0)])
def test_every_value_comes_back(value_range: tuple[float, float]) -> None:
    pixels = Pixels(size=16, value_range=value_range)
    tensor = to_network(ALL_VALUES, pixels)
    assert tensor.dtype == np.float32
    assert tensor.shape == (1, 3, 16, 16)
    assert tensor.min() == pytest.approx(value_range[0])
    assert tensor.max() == pytest.approx(value_range[1])
    np.testing.assert_array_equal(from_network(tensor, pixels), ALL_VALUES[None])


def test_channels_stay_red_green_blue() -> None:
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[0, 2] = (255, 128, 0)
    tensor = to_network(picture, Pixels(size=2))
    assert tensor[0, :, 0, 2] == pytest.approx([1.0, 1 / 255, -1.0], abs=1e-6)


def test_transparent_parts_show_the_ground() -> None:
    pixels = Pixels(size=2, value_range=(0.0, 255.0), ground=(10, 20, 30))
    picture = np.zeros((1, 3, 4), np.uint8)
    picture[0, :, :3] = 100
    picture[0, :, 3] = (0, 51, 255)
    tensor = to_network(picture, pixels)
    assert tensor[0, :, 0, 0] == pytest.approx([10, 20, 30])
    assert tensor[0, :, 0, 1] == pytest.approx([28, 36, 44])
    assert tensor[0, :, 0, 2] == pytest.approx([100, 100, 100])


def test_values_out_of_range_are_clipped_and_rounded() -> None:
    pixels = Pixels(size=1, value_range=(0.0, 255.0))
    tensor = np.array([-3.0, 7.6, 300.0], np.float32).reshape(1, 3, 1, 1)
    assert from_network(tensor, pixels).ravel().tolist() == [0, 8, 255]


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((4, 4, 3), np.uint16),
        np.zeros((1, 4, 4, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(picture: np.ndarray) -> None:
    with pytest.raises(PixelError, match=r"uint8 \[H,W,3\]"):
        to_network(picture, Pixels(size=4))


def test_what_is_no_tensor_is_refused() -> None:
    with pytest.raises(PixelError, match="N,3,H,W"):
        from_network(np.zeros((3, 4, 4), np.float32), Pixels(size=4))
    with pytest.raises(PixelError, match="finite"):
        from_network(np.full((1, 3, 2, 2), np.nan, np.float32), Pixels(size=2))
