"""Pictures whose faces somebody has marked by hand: `annotations.json` beside folders of pictures.

The file is `{folder: {file: [face, ...]}}`, files as seen from where it lies; a face has `box`
(from hairline or brows to chin, cheek to cheek), `left_eye` and `right_eye` (centres, as seen),
`mouth` and `chin` where they are visible, all in pixels of the picture as shown. An empty list says
that the picture has no face. Other keys of a face are notes and are not read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from faces.face import Box, Point

FILE: Final = "annotations.json"


class AnnotationError(ValueError):
    """Annotations that cannot be read; the message names the file and says what is wrong."""


class Mark(BaseModel):
    """A face that is there, as marked by hand or known from drawing it."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    box: tuple[float, float, float, float]
    left_eye: Point
    right_eye: Point
    mouth: Point | None = None
    chin: Point | None = None
    others: dict[str, Point] = {}

    @property
    def eye_distance(self) -> float:
        """Pixels between the eye centres, at least a tenth of one."""
        return max(math.dist(self.left_eye, self.right_eye), 0.1)

    @property
    def landmarks(self) -> dict[str, Point]:
        """Every landmark that is known, by name."""
        known = {"mouth": self.mouth, "chin": self.chin}
        seen = {name: point for name, point in known.items() if point is not None}
        return {"left_eye": self.left_eye, "right_eye": self.right_eye, **seen, **self.others}

    @property
    def place(self) -> Box:
        return Box(*self.box)


Annotations = Mapping[str, Mapping[str, tuple[Mark, ...]]]
"""Folder, then file as seen from the folder of the annotations, then its faces."""

_FORM: Final = TypeAdapter(dict[str, dict[str, tuple[Mark, ...]]])


def read_annotations(folder: Path) -> Annotations:
    """The annotations of `folder`. Raises AnnotationError."""
    path = folder / FILE
    try:
        return _FORM.validate_json(path.read_bytes())
    except OSError as error:
        raise AnnotationError(f"{path} cannot be read: {error}; see trainer/data/annotated.py for "
                              "the form of the file") from error  # fmt: skip
    except ValidationError as error:
        detail = error.errors()[0]
        place = ".".join(str(part) for part in detail["loc"])
        raise AnnotationError(
            f"{path} is not as it should be at {place}: {detail['msg']}"
        ) from error
