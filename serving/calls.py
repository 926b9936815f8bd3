"""What can be asked of a picture, whoever asks: a request of its own, or a line of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from serving import sheets
from serving.answers import EditAnswer, FacesAnswer, GridAnswer, SheetAnswer
from serving.cost import Cost, pixels_of
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


def cost_of(pipeline: Pipeline, call: PictureCall[Any], fields: FacesFields) -> Cost:
    """What `call` costs, from the headers of its pictures: those that come, and those of a sheet.

    Faces that are to be found count as one until they are. Raises what Pipeline.expressions raises,
    and ProblemError for a sheet of too many pixels.
    """
    most = pipeline.settings.max_pixels
    pixels, faces = pixels_of(fields.image, most), 1
    if isinstance(fields, EditFields) and not isinstance(fields.faces, str):
        faces = len(fields.faces)
    if isinstance(fields, ExpressionFields) and fields.reference is not None:
        pixels += pixels_of(fields.reference, most)
    if isinstance(fields, SheetFields):
        pixels += sheets.drawn_pixels(pipeline, fields)
        faces *= len(sheets.names_of(pipeline, fields))
    return Cost(call.name, pixels, faces)


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
