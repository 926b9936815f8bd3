"""What can be asked of a picture, whoever asks: a request of its own, or a line of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from serving.fields import ExpressionFields, FacesFields
from serving.pipeline import EditResult, Pipeline
from serving.shapes import edit_answer, faces_shape

Fields = TypeVar("Fields", bound=FacesFields)


@dataclass(frozen=True)
class PictureCall(Generic[Fields]):
    """A call by its name in the path: its fields, and its answer in JSON.

    `answer` takes a deadline of `time.monotonic()` and raises what the pipeline raises.
    """

    name: str
    fields: type[Fields]
    answer: Callable[[Pipeline, Fields, float], dict[str, Any]]


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


def asked_faces(fields: FacesFields) -> int:
    """How many faces the caller names; 1 where they are to be found."""
    faces = fields.faces if isinstance(fields, ExpressionFields) else "all"
    return 1 if isinstance(faces, str) else len(faces)


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
CALLS: Final[Mapping[str, PictureCall[Any]]] = {call.name: call for call in (EXPRESSIONS, FACES)}
"""Those that a line of a batch may ask for."""
