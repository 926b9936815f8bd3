"""An expression sheet as it is answered: a ZIP of pictures, one grid, or pictures in JSON."""

from __future__ import annotations

import base64
import io
import json
import math
import zipfile
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from faces.canvas import Pixels
from serving import header
from serving.answers import GridAnswer, SheetAnswer, SheetFacts
from serving.fields import SheetFields
from serving.picture import Format, Picture, encode
from serving.pipeline import Pipeline
from serving.problems import TOO_MANY_PIXELS, ProblemError
from serving.results import Rendered, SheetResult
from serving.shapes import edited_shape, rounded

SUFFIXES: Final[dict[Format, str]] = {"png": "png", "webp": "webp", "jpeg": "jpg"}
FACTS: Final = "sheet.json"
"""In a ZIP, beside the pictures: what was changed in each."""

_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The first time that a ZIP can name, and always the same: the same sheet has the same bytes."""
_TIMES: Final = 4
"""All pictures of a sheet may have so many times the pixels that one may have."""


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


def count_of(pipeline: Pipeline, fields: SheetFields) -> int:
    """How many pictures the sheet has. Raises what Pipeline.expressions raises."""
    if fields.expressions == "all":
        return len(pipeline.expressions(fields.model))
    return len(dict.fromkeys(fields.expressions))


def zipped(pipeline: Pipeline, fields: SheetFields, deadline: float) -> SheetFile:
    """A ZIP with a picture for each expression, named after it, and their facts."""
    result = _drawn(pipeline, fields, deadline)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:  # stored: the pictures are compressed already
        format = fields.format or result.format
        for drawn in result.drawn:
            name = zipfile.ZipInfo(f"{drawn.expression}.{SUFFIXES[format]}", _LONG_AGO)
            archive.writestr(name, drawn.picture)
        facts = json.dumps(_facts(result, fields), indent=2)
        archive.writestr(zipfile.ZipInfo(FACTS, _LONG_AGO), facts)
    return SheetFile(file.getvalue(), format, _names(result), 0)


def grid(pipeline: Pipeline, fields: SheetFields, deadline: float) -> SheetFile:
    """One picture with all expressions, row by row, in cells of at most `fields.cell` pixels."""
    first: list[Picture] = []

    def small(picture: Picture) -> Pixels:
        if not first:
            first.append(picture)
        return _shrunk(picture.pixels, fields.cell)

    result = pipeline.sheet(
        fields.image,
        _wanted(fields),
        fields.intensity,
        small,
        faces=fields.which(),
        model=fields.model,
        deadline=deadline,
    )
    cells = [drawn.picture for drawn in result.drawn]
    if len(cells) * cells[0].shape[0] * cells[0].shape[1] > _TIMES * pipeline.settings.max_pixels:
        raise ProblemError(TOO_MANY_PIXELS, "the grid would be too large: ask for smaller cells")
    columns = min(fields.columns or math.ceil(math.sqrt(len(cells))), len(cells))
    laid = first[0].with_pixels(_laid_out(cells, columns))
    format = fields.format or result.format
    data = encode(laid, format, fields.quality)
    return SheetFile(data, format, _names(result), columns)


def answer(pipeline: Pipeline, fields: SheetFields, deadline: float) -> SheetAnswer | GridAnswer:
    """The sheet in JSON: every picture in base64 with its facts, or the grid in base64."""
    if fields.layout == "grid":
        file = grid(pipeline, fields, deadline)
        return {
            "format": file.format,
            "expressions": list(file.expressions),
            "columns": file.columns,
            "image": _base64(file.data),
        }
    result = _drawn(pipeline, fields, deadline)
    facts = _facts(result, fields)
    return {
        **facts,
        "pictures": [
            {**told, "image": _base64(drawn.picture)}
            for told, drawn in zip(facts["pictures"], result.drawn, strict=True)
        ],
        "timings": rounded(result.timings),
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _drawn(pipeline: Pipeline, fields: SheetFields, deadline: float) -> SheetResult[bytes]:
    _check_size(fields.image, count_of(pipeline, fields), pipeline.settings.max_pixels)
    return pipeline.sheet(
        fields.image,
        _wanted(fields),
        fields.intensity,
        lambda picture: encode(picture, fields.format, fields.quality),
        faces=fields.which(),
        model=fields.model,
        deadline=deadline,
    )


def _check_size(data: bytes, count: int, max_pixels: int) -> None:
    """That `count` pictures such as `data` can be held together. Raises ProblemError."""
    width, height = header.size(data) or (0, 0)  # without a size it will not be decoded
    most = _TIMES * max_pixels
    if width * height * count > most:
        raise ProblemError(
            TOO_MANY_PIXELS,
            f"{count} pictures of {width * height:,} pixels are more than the {most:,} of a sheet: "
            "ask for fewer expressions at a time, or for a grid",
        )


def _wanted(fields: SheetFields) -> list[str] | None:
    return None if fields.expressions == "all" else list(fields.expressions)


def _names(result: SheetResult[Rendered]) -> tuple[str, ...]:
    return tuple(drawn.expression for drawn in result.drawn)


def _facts(result: SheetResult[bytes], fields: SheetFields) -> SheetFacts:
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


def _shrunk(pixels: Pixels, longest: int) -> Pixels:
    """`pixels` with sides of at most `longest`. What is transparent gives no colour to the rest."""
    height, width, channels = pixels.shape
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    values = pixels.astype(np.float32)
    if channels in (2, 4):
        values[..., :-1] *= values[..., -1:]
    resized = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    small = np.asarray(resized, np.float32).reshape(size[1], size[0], channels)
    if channels in (2, 4):
        small[..., :-1] /= np.maximum(small[..., -1:], np.float32(1e-6))
    if pixels.dtype == np.uint8:
        return np.clip(np.rint(small), 0, 255).astype(np.uint8)
    return np.clip(np.rint(small), 0, 65535).astype(np.uint16)


def _laid_out(cells: list[Pixels], columns: int) -> Pixels:
    """Cells of one size, row by row; what stays empty is 0, so transparent where there is alpha."""
    height, width, channels = cells[0].shape
    rows = -(-len(cells) // columns)
    laid = np.zeros((rows * height, columns * width, channels), cells[0].dtype)
    for n, cell in enumerate(cells):
        row, column = divmod(n, columns)
        top, left = row * height, column * width
        laid[top : top + height, left : left + width] = cell
    return laid
