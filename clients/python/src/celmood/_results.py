"""What the gateway answers, typed. Coordinates are pixels of the picture as shown (after EXIF)."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from celmood._pictures import write_whole

Json = Mapping[str, Any]


class Box(NamedTuple):
    """A rectangle: its top left corner and its size, pixels."""

    x: float
    y: float
    width: float
    height: float


class Point(NamedTuple):
    """A place in the picture, pixels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Face:
    """A face: its box from hairline to chin, the finder's score in [0, 1], named landmarks.

    `changed` is the rectangle outside which an edit touched nothing; None where nothing was edited.
    Where a model reads the faces of a picture: probabilities of the named expressions (they add up
    to 1) and of attributes, and the face parameters; else empty.
    """

    box: Box
    score: float
    landmarks: Mapping[str, Point] = field(repr=False)
    changed: Box | None = None
    expression: Mapping[str, float] = field(default_factory=dict, repr=False)
    attributes: Mapping[str, float] = field(default_factory=dict, repr=False)
    parameters: Mapping[str, float] = field(default_factory=dict, repr=False)

    @classmethod
    def from_json(cls, body: Json) -> Face:
        changed = body.get("changed")
        return cls(
            box=Box(*map(float, body["box"])),
            score=float(body["score"]),
            landmarks={
                name: Point(float(x), float(y)) for name, (x, y) in body["landmarks"].items()
            },
            changed=None if changed is None else Box(*map(float, changed)),
            expression=_shares(body, "expression"),
            attributes=_shares(body, "attributes"),
            parameters=_shares(body, "parameters"),
        )


@dataclass(frozen=True, slots=True)
class FacesResult:
    """The faces of a picture, its size in pixels, and the seconds that each stage took."""

    width: int
    height: int
    faces: tuple[Face, ...]
    timings: Mapping[str, float]
    request_id: str

    @classmethod
    def from_json(cls, body: Json, request_id: str) -> FacesResult:
        return cls(
            width=int(body["width"]),
            height=int(body["height"]),
            faces=tuple(map(Face.from_json, body["faces"])),
            timings=timings_of(body),
            request_id=request_id,
        )


@dataclass(frozen=True, slots=True)
class EditResult:
    """An edited picture: the bytes of a file in `format` (png, webp or jpeg), and what was done."""

    image: bytes = field(repr=False)
    format: str
    width: int
    height: int
    faces: tuple[Face, ...]
    timings: Mapping[str, float]
    request_id: str

    @classmethod
    def from_json(cls, body: Json, request_id: str) -> EditResult:
        try:
            image = base64.b64decode(body["image"], validate=True)
        except binascii.Error as error:
            raise ValueError(f"the picture is not base64: {error}") from error
        return cls(
            image=image,
            format=str(body["format"]),
            width=int(body["width"]),
            height=int(body["height"]),
            faces=tuple(map(Face.from_json, body["faces"])),
            timings=timings_of(body),
            request_id=request_id,
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to `path` whole or not at all; returns the path. Raises OSError."""
        target = Path(path)
        write_whole(target, self.image)
        return target


@dataclass(frozen=True, slots=True)
class Model:
    """A served model. `card` is its whole card; `presets` are its expressions as parameters."""

    name: str
    version: int
    task: str
    description: str
    licence: str
    expressions: tuple[str, ...]
    presets: Mapping[str, Mapping[str, float]] = field(repr=False)
    card: Json = field(repr=False)

    @classmethod
    def from_json(cls, body: Json) -> Model:
        control: Json = body.get("control") or {}
        presets: Mapping[str, Mapping[str, float]] = control.get("presets") or {}
        task = str(body["task"])
        labels = tuple(map(str, body.get("labels") or ())) if task == "edit_expression" else ()
        return cls(
            name=str(body["name"]),
            version=int(body["version"]),
            task=task,
            description=str(body["description"]),
            licence=str(body["licence"]),
            expressions=tuple(presets) or labels,
            presets=presets,
            card=body,
        )


def timings_of(body: Json) -> dict[str, float]:
    """Seconds by stage."""
    return {str(stage): float(seconds) for stage, seconds in body["timings"].items()}


def _shares(body: Json, name: str) -> dict[str, float]:
    return {str(key): float(value) for key, value in (body.get(name) or {}).items()}
