"""What can be asked of a picture, whoever asks: a request of its own, or a line of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from serving import sheets
from serving.answers import EditAnswer, FacesAnswer, GridAnswer, SheetAnswer
from serving.fields import EditFields, ExpressionFields, FacesFields, SheetFields
from serving.pipeline import Pipeline
from serving.results import EditResult
from serving.shapes import edit_answer, faces_shape

Fields = TypeVar("Fields", bound=FacesFields)
Answer = EditAnswer | FacesAnswer | SheetAnswer | GridAnswer
"""What a call is answered in JSON."""


@dataclass(frozen=True)
class PictureCall(Generic[Fields]):
    """A call by its name in the path: its fields, and its answer in JSON.

    `answer` takes a deadline of `time.monotonic()` and raises what the pipeline raises.
    """

    name: str
    fields: type[Fields]
    answer: Callable[[Pipeline, Fields, float], Answer]


def edit(pipeline: Pipeline, fields: ExpressionFields, deadline: float) -> EditResult:
    """The edit that `fields` ask for. Raises what Pipeline.edit raises."""
    return pipeline.edit(
        fields.image,
        fields.expression,
        fields.intensity,
        reference=fields.reference,
        faces=fields.which(),
        format=fields.format,
        quality=fields.quality,
        model=fields.model,
        deadline=deadline,
    )


def asked_faces(pipeline: Pipeline, fields: FacesFields) -> int:
    """How many faces are to be edited: 1 in a picture where they are to be found.

    Raises what Pipeline.expressions raises.
    """
    faces = fields.faces if isinstance(fields, EditFields) else "all"
    pictures = sheets.count_of(pipeline, fields) if isinstance(fields, SheetFields) else 1
    return pictures * (1 if isinstance(faces, str) else len(faces))


EXPRESSIONS: Final = PictureCall(
    "expressions",
    ExpressionFields,
    lambda pipeline, fields, deadline: edit_answer(edit(pipeline, fields, deadline)),
)
FACES: Final = PictureCall(
    "faces",
    FacesFields,
    lambda pipeline, fields, deadline: faces_shape(pipeline.faces(fields.image, deadline=deadline)),
)
SHEETS: Final = PictureCall("sheets", SheetFields, sheets.answer)
CALLS: Final[Mapping[str, PictureCall[Any]]] = {
    call.name: call for call in (EXPRESSIONS, FACES, SHEETS)
}
"""Those that a line of a batch may ask for."""
