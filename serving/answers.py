"""The JSON of answers, as types: what the code that makes them is checked against, and what the
OpenAPI document says of them.

Boxes are [x, y, width, height] and places [x, y], in pixels of the picture as shown.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict  # pydantic cannot read that of Python 3.11

from contract.card import Card
from serving.picture import Format

BoxAnswer = Annotated[list[float], Field(min_length=4, max_length=4)]
PlaceAnswer = Annotated[list[float], Field(min_length=2, max_length=2)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Base64 = Annotated[bytes, WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
"""Bytes that `serving.json_pictures` writes as base64."""
Timings = Annotated[
    dict[str, Annotated[float, Field(ge=0)]], Field(description="seconds by stage of the work")
]


class FaceAnswer(TypedDict):
    """A face: its box from hairline to chin, how sure the finder is, and named places."""

    box: BoxAnswer
    score: Share
    landmarks: dict[str, PlaceAnswer]


class ReadFaceAnswer(FaceAnswer):
    """A face, and what it shows: probabilities, and face parameters. Empty where no model reads."""

    expression: dict[str, Share]
    attributes: dict[str, Share]
    parameters: dict[str, float]


class EditedFaceAnswer(FaceAnswer):
    """A face, and the rectangle outside which nothing was changed."""

    changed: BoxAnswer


class FacesAnswer(TypedDict):
    """The faces of a picture, the surest first."""

    width: int
    height: int
    faces: list[ReadFaceAnswer]
    timings: Timings


class EditFacts(TypedDict):
    """What is told of an edited picture beside it."""

    width: int
    height: int
    format: Format
    faces: list[EditedFaceAnswer]
    timings: Timings


class EditAnswer(EditFacts):
    """An edited picture."""

    image: Base64


class SheetPictureFacts(TypedDict):
    """What is told of one picture of a sheet beside it."""

    expression: str
    faces: list[EditedFaceAnswer]


class SheetPictureAnswer(SheetPictureFacts):
    """One picture of a sheet."""

    image: Base64


class SheetFacts(TypedDict):
    """What `sheet.json` in a ZIP tells of its pictures."""

    width: int
    height: int
    format: Format
    pictures: list[SheetPictureFacts]


class SheetAnswer(TypedDict):
    """A sheet, every picture for itself."""

    width: int
    height: int
    format: Format
    pictures: list[SheetPictureAnswer]
    timings: Timings


class GridAnswer(TypedDict):
    """A sheet as one picture, row by row."""

    format: Format
    expressions: list[str]
    columns: int
    image: Base64


BatchStatus = Literal["queued", "running", "completed", "cancelled", "expired"]


class CountsAnswer(TypedDict):
    """How many lines of a batch are where."""

    total: Count
    succeeded: Count
    failed: Count
    running: Count
    waiting: Count
    dropped: Count


class BatchAnswer(TypedDict):
    """How far a batch is. Times are of RFC 3339."""

    id: str
    status: BatchStatus
    created: str
    ended: str | None
    expires: str
    counts: CountsAnswer


class ProblemAnswer(TypedDict):
    """Problem details (RFC 9457). Some types have further members."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str


class LineAnswer(TypedDict):
    """The result of a line: `answer`, or `problem`, what a call of its own would be answered."""

    position: Count
    line: int
    id: str | None
    status: int
    answer: NotRequired[EditAnswer | FacesAnswer | SheetAnswer | GridAnswer]
    problem: NotRequired[ProblemAnswer]


class BatchPageAnswer(BatchAnswer):
    """A batch with some of its results; `next` is the `after` of the page behind this one."""

    next: int | None
    results: list[LineAnswer]


class ModelsAnswer(TypedDict):
    """The cards of models that can be used, and what is known of them and of the others."""

    models: list[Card]
    problems: dict[str, str]
    devices: dict[str, str]
    notices: dict[str, str]


class AliveAnswer(TypedDict):
    """The process answers."""

    status: Literal["alive"]


class ReadyAnswer(TypedDict):
    """All models can be used."""

    status: Literal["ready"]
    models: list[str]
