"""An expression sheet as it is answered: a ZIP of pictures, one grid, or pictures in JSON."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.canvas import Pixels
from serving import header
from serving.answers import GridAnswer, SheetAnswer, SheetFacts
from serving.fields import SheetFields
from serving.picture import Format, Picture, encode
from serving.pipeline import Pipeline
from serving.problems import SHEET_TOO_LARGE, TOO_MANY_PIXELS, ProblemError
from serving.results import Rendered, SheetResult
from serving.shapes import edited_shape, rounded

SUFFIXES: Final[dict[Format, str]] = {"png": "png", "webp": "webp", "jpeg": "jpg"}
FACTS: Final = "sheet.json"
"""In a ZIP, beside the pictures: what was changed in each."""

_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The first time that a ZIP can name, and always the same: the same sheet has the same bytes."""
_TIMES: Final = 4
"""All pictures of a sheet may have so many times the pixels, and in a ZIP so many times the bytes,
that one may have. A grid is one picture, and pictures in JSON have the bytes of one."""
_BAND: Final = 128
"""Rows that are made narrower at once, so that no second picture is made of them."""


@dataclass(frozen=True)
class SheetFile:
    """A sheet as one file. `expressions` are in the order in which they are drawn."""

    data: bytes
    format: Format
    """Of the pictures in it, or of the grid."""
    expressions: tuple[str, ...]
    columns: int
    """Of a grid; 0 for a ZIP."""

    @property
    def media_type(self) -> str:
        return f"image/{self.format}" if self.columns else "application/zip"


def names_of(pipeline: Pipeline, fields: SheetFields) -> tuple[str, ...]:
    """The expressions of the sheet, in order. Raises what Pipeline.expressions raises."""
    if fields.expressions == "all":
        return pipeline.expressions(fields.model)
    return tuple(dict.fromkeys(fields.expressions))


def drawn_pixels(pipeline: Pipeline, fields: SheetFields) -> int:
    """How many pixels are drawn, from the picture's header.

    Raises ProblemError where they are too many, and what Pipeline.expressions raises.
    """
    most = pipeline.settings.max_pixels
    count = len(names_of(pipeline, fields))
    size = header.size(fields.image)
    if size is None:  # the largest that there may be, or nothing that can be drawn
        times = 1 if fields.layout == "grid" else _TIMES
        return times * most if header.is_picture(fields.image) else 0
    if size[0] * size[1] > most:
        return 0  # refused unread
    return _checked_pixels(fields, size, count, most)


def zipped(pipeline: Pipeline, fields: SheetFields, deadline: float) -> SheetFile:
    """A ZIP with a picture for each expression, named after it, and their facts."""
    names = names_of(pipeline, fields)
    left = iter(names)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:  # stored: the pictures are compressed already

        def put(data: bytes, format: Format) -> None:
            name = zipfile.ZipInfo(f"{next(left)}.{SUFFIXES[format]}", _LONG_AGO)
            archive.writestr(name, data)

        most = _TIMES * pipeline.settings.max_bytes
        result = _drawn(pipeline, fields, deadline, put, most)
        facts = _facts(result, fields)
        archive.writestr(zipfile.ZipInfo(FACTS, _LONG_AGO), json.dumps(facts, indent=2))
    return SheetFile(file.getvalue(), facts["format"], names, 0)


def grid(pipeline: Pipeline, fields: SheetFields, deadline: float) -> SheetFile:
    """One picture with all expressions, row by row, in cells of at most `fields.cell` pixels."""
    names = names_of(pipeline, fields)
    columns = _columns(fields, len(names))
    laid: list[Picture] = []
    places = (divmod(n, columns) for n in range(len(names)))

    def lay(picture: Picture) -> None:
        size = picture.width, picture.height
        width, height = _cell(size, fields.cell)
        if not laid:
            _checked_pixels(fields, size, len(names), pipeline.settings.max_pixels)
            shape = -(-len(names) // columns) * height, columns * width, picture.pixels.shape[2]
            # What stays empty is 0, so transparent where there is alpha.
            laid.append(picture.with_pixels(np.zeros(shape, picture.pixels.dtype)))
        row, column = next(places)
        top, left = row * height, column * width
        place = laid[0].pixels[top : top + height, left : left + width]
        place[:] = _shrunk(picture.pixels, (width, height))

    drawn_pixels(pipeline, fields)
    pipeline.sheet(
        fields.image,
        names,
        fields.intensity,
        lay,
        faces=fields.which(),
        model=fields.model,
        deadline=deadline,
    )
    format = fields.format or laid[0].format
    return SheetFile(encode(laid[0], format, fields.quality), format, names, columns)


def answer(pipeline: Pipeline, fields: SheetFields, deadline: float) -> SheetAnswer | GridAnswer:
    """The sheet in JSON: every picture with its facts, or the grid."""
    if fields.layout == "grid":
        file = grid(pipeline, fields, deadline)
        return {
            "format": file.format,
            "expressions": list(file.expressions),
            "columns": file.columns,
            "image": file.data,
        }
    result = _drawn(pipeline, fields, deadline, lambda data, _: data, pipeline.settings.max_bytes)
    facts = _facts(result, fields)
    return {
        **facts,
        "pictures": [
            {**told, "image": drawn.picture}
            for told, drawn in zip(facts["pictures"], result.drawn, strict=True)
        ],
        "timings": rounded(result.timings),
    }


def _drawn(
    pipeline: Pipeline,
    fields: SheetFields,
    deadline: float,
    keep: Callable[[bytes, Format], Rendered],
    most_bytes: int,
) -> SheetResult[Rendered]:
    """The sheet, of whose files `keep` makes what is kept. Raises ProblemError."""
    names = names_of(pipeline, fields)
    drawn_pixels(pipeline, fields)
    used = 0

    def render(picture: Picture) -> Rendered:
        nonlocal used
        size = picture.width, picture.height
        _checked_pixels(fields, size, len(names), pipeline.settings.max_pixels)
        data = encode(picture, fields.format, fields.quality)
        used += len(data)
        if used > most_bytes:
            raise ProblemError(
                SHEET_TOO_LARGE,
                f"the pictures have more than {most_bytes:,} bytes together: ask for fewer "
                "expressions at a time, for another `format`, for a grid, or for a ZIP, which may "
                "have more than JSON",
            )
        return keep(data, fields.format or picture.format)

    return pipeline.sheet(
        fields.image,
        names,
        fields.intensity,
        render,
        faces=fields.which(),
        model=fields.model,
        deadline=deadline,
    )


def _checked_pixels(fields: SheetFields, size: tuple[int, int], count: int, most: int) -> int:
    """How many pixels `count` pictures of this size are, as they are asked for.

    `most` is what one picture may have. Raises ProblemError for more than a sheet may have.
    """
    width, height = size
    if fields.layout == "grid":
        width, height = _cell(size, fields.cell)
        columns = _columns(fields, count)
        pixels = columns * -(-count // columns) * width * height
        if pixels > most:
            raise ProblemError(
                TOO_MANY_PIXELS,
                f"the grid would have {pixels:,} pixels; the limit is {most:,} pixels in all: ask "
                "for smaller cells",
            )
        return pixels
    pixels = count * width * height
    if pixels > _TIMES * most:
        raise ProblemError(
            TOO_MANY_PIXELS,
            f"{count} pictures of {width * height:,} pixels are more than the {_TIMES * most:,} of "
            "a sheet: ask for fewer expressions at a time, or for a grid",
        )
    return pixels


def _columns(fields: SheetFields, count: int) -> int:
    return min(fields.columns or math.ceil(math.sqrt(count)), count)


def _cell(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Width and height of a picture of this size in a grid."""
    width, height = size
    scale = min(1.0, longest / max(size))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _facts(result: SheetResult[Any], fields: SheetFields) -> SheetFacts:
    return {
        "width": result.width,
        "height": result.height,
        "format": fields.format or result.format,
        "pictures": [
            {
                "expression": drawn.expression,
                "faces": [edited_shape(face) for face in drawn.faces],
            }
            for drawn in result.drawn
        ],
    }


def _shrunk(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """`pixels` in a size (width, height). What is transparent gives no colour to the rest."""
    height, width, channels = pixels.shape
    if size == (width, height):
        return pixels
    narrow = np.empty((height, size[0], channels), np.float32)
    for first in range(0, height, _BAND):
        values = pixels[first : first + _BAND].astype(np.float32)
        if channels in (2, 4):
            values[..., :-1] *= values[..., -1:]
        narrow[first : first + _BAND] = _resized(values, (size[0], len(values)))
    small = _resized(narrow, size)
    if channels in (2, 4):
        small[..., :-1] /= np.maximum(small[..., -1:], np.float32(1e-6))
    if pixels.dtype == np.uint8:
        return np.clip(np.rint(small), 0, 255).astype(np.uint8)
    return np.clip(np.rint(small), 0, 65535).astype(np.uint16)


def _resized(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    resized = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.float32).reshape(size[1], size[0], values.shape[2])
