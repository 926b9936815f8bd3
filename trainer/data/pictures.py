"""Picture files as canvases, for measuring on whole pictures of any size.

Eight bits and no colour profile: what is measured here does not depend on them. Reading what a
stranger sends is left to serving.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from faces.canvas import Canvas
from faces.depth import eight_bits

SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp")
"""Names of picture files end so, in small or capital letters."""


class PictureFileError(ValueError):
    """A file that cannot be read as a picture; the message names it."""


def read_canvas(path: Path) -> Canvas:
    """The picture at `path` as shown (EXIF orientation applied), RGB or RGBA, uint8.

    Raises PictureFileError.
    """
    try:
        with Image.open(path) as image:
            shown = eight_bits(ImageOps.exif_transpose(image))
            mode = "RGBA" if shown.has_transparency_data else "RGB"
            return Canvas(np.array(shown.convert(mode)))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise PictureFileError(f"{path} cannot be read as a picture: {error}") from error
