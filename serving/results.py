"""What the pipeline gives back: faces, an edited picture, a sheet of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from faces.change import Rectangle
from faces.face import Face
from serving.picture import Format
from serving.reading import Reading

Rendered = TypeVar("Rendered")


@dataclass(frozen=True)
class FacesResult:
    """The faces of a picture, best first; `timings` in seconds by stage.

    `readings` has one for each face, or none where no model for it is loaded.
    """

    width: int
    height: int
    faces: tuple[Face, ...]
    readings: tuple[Reading, ...]
    timings: Mapping[str, float]


@dataclass(frozen=True)
class EditedFace:
    """A face, and the rectangle outside which its edit touched nothing."""

    face: Face
    changed: Rectangle


@dataclass(frozen=True)
class EditResult:
    """The edited picture as a file; `timings` in seconds by stage."""

    data: bytes
    format: Format
    width: int
    height: int
    faces: tuple[EditedFace, ...]
    timings: Mapping[str, float]


@dataclass(frozen=True)
class Drawn(Generic[Rendered]):
    """One expression of a sheet: its picture as it was rendered, and what was changed in it."""

    expression: str
    picture: Rendered
    faces: tuple[EditedFace, ...]


@dataclass(frozen=True)
class SheetResult(Generic[Rendered]):
    """All expressions that were asked for; `timings` in seconds by stage, of all together."""

    drawn: tuple[Drawn[Rendered], ...]
    format: Format
    width: int
    height: int
    timings: Mapping[str, float]
