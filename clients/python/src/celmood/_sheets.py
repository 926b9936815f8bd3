"""Expression sheets: one picture with one expression after the other."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from celmood._calls import Call, Faces, Format, edit_form
from celmood._pictures import Picture, read_picture, write_whole
from celmood._results import Face, Json, timings_of


@dataclass(frozen=True, slots=True)
class SheetPicture:
    """One expression of a sheet: the bytes of a file in the sheet's `format`, and its faces."""

    expression: str
    image: bytes = field(repr=False)
    faces: tuple[Face, ...]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to `path` whole or not at all; returns the path. Raises OSError."""
        target = Path(path)
        write_whole(target, self.image)
        return target


@dataclass(frozen=True, slots=True)
class Sheet:
    """All expressions that were asked for, in that order; `timings` are those of all together."""

    pictures: tuple[SheetPicture, ...]
    format: str
    width: int
    height: int
    timings: Mapping[str, float]
    request_id: str

    @classmethod
    def from_json(cls, body: Json, request_id: str) -> Sheet:
        return cls(
            pictures=tuple(
                SheetPicture(
                    str(picture["expression"]),
                    base64.b64decode(picture["image"], validate=True),
                    tuple(map(Face.from_json, picture["faces"])),
                )
                for picture in body["pictures"]
            ),
            format=str(body["format"]),
            width=int(body["width"]),
            height=int(body["height"]),
            timings=timings_of(body),
            request_id=request_id,
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet as one picture, row by row: the bytes of a file in `format`."""

    image: bytes = field(repr=False)
    format: str
    expressions: tuple[str, ...]
    columns: int
    request_id: str

    @classmethod
    def from_json(cls, body: Json, request_id: str) -> Grid:
        return cls(
            image=base64.b64decode(body["image"], validate=True),
            format=str(body["format"]),
            expressions=tuple(map(str, body["expressions"])),
            columns=int(body["columns"]),
            request_id=request_id,
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to `path` whole or not at all; returns the path. Raises OSError."""
        target = Path(path)
        write_whole(target, self.image)
        return target


def sheet(
    image: Picture,
    *,
    expressions: Sequence[str] | None = None,
    intensity: float | None = None,
    faces: Faces | None = None,
    format: Format | None = None,
    quality: int | None = None,
    model: str | None = None,
) -> Call[Sheet]:
    """The picture with every expression that is asked for, by default all of the model.

    The other arguments are those of `edit`.
    """
    form = _expressions(expressions) | edit_form(intensity, faces, format, quality, model)
    return Call("POST", "/v1/sheets", Sheet.from_json, read_picture(image), form)


def grid(
    image: Picture,
    *,
    expressions: Sequence[str] | None = None,
    columns: int | None = None,
    cell: int | None = None,
    intensity: float | None = None,
    faces: Faces | None = None,
    format: Format | None = None,
    quality: int | None = None,
    model: str | None = None,
) -> Call[Grid]:
    """The same as `sheet`, in one picture, row by row.

    `cell` is the longer side of one of them in pixels, at most (512 by default).
    """
    form = _expressions(expressions) | edit_form(intensity, faces, format, quality, model)
    form["layout"] = "grid"
    if columns is not None:
        form["columns"] = str(columns)
    if cell is not None:
        form["cell"] = str(cell)
    return Call("POST", "/v1/sheets", Grid.from_json, read_picture(image), form)


def _expressions(names: Sequence[str] | None) -> dict[str, str]:
    if names is None:
        return {}
    return {"expressions": ",".join([names] if isinstance(names, str) else names)}
