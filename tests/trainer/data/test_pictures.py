"""Reading picture files for measuring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pictures import scene, with_alpha
from trainer.data.pictures import PictureFileError, read_canvas


def test_alpha_is_kept_and_opaque_pictures_have_none(tmp_path: Path) -> None:
    opaque, sprite = scene(), with_alpha(scene())
    Image.fromarray(opaque).save(tmp_path / "opaque.png")
    Image.fromarray(sprite).save(tmp_path / "sprite.png")
    assert np.array_equal(read_canvas(tmp_path / "opaque.png").pixels, opaque)
    assert np.array_equal(read_canvas(tmp_path / "sprite.png").pixels, sprite)


def test_greys_and_palettes_become_colours(tmp_path: Path) -> None:
    grey = Image.fromarray(scene()).convert("L")
    grey.save(tmp_path / "grey.png")
    grey.convert("P").save(tmp_path / "palette.png", transparency=3)
    assert read_canvas(tmp_path / "grey.png").pixels.shape[2] == 3
    assert read_canvas(tmp_path / "palette.png").pixels.shape[2] == 4


def test_a_grey_of_sixteen_bits_is_what_it_shows(tmp_path: Path) -> None:
    grey = np.asarray(Image.fromarray(scene()).convert("L"))
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    assert np.array_equal(read_canvas(tmp_path / "deep.png").pixels, np.dstack([grey] * 3))


def test_pictures_are_as_shown(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn to the right
    Image.fromarray(scene(240, 200)).save(tmp_path / "turned.png", exif=exif)
    canvas = read_canvas(tmp_path / "turned.png")
    assert (canvas.width, canvas.height) == (200, 240)
    assert np.array_equal(canvas.pixels, np.rot90(scene(240, 200), -1))


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_bytes(b"no picture")
    for name in ("no.png", "missing.png"):
        with pytest.raises(PictureFileError, match=name):
            read_canvas(tmp_path / name)
