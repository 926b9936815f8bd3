"""The JSON of answers: what the pipeline found, rounded for reading."""

from __future__ import annotations

from collections.abc import Mapping

from faces.face import Face
from serving.answers import (
    EditAnswer,
    EditedFaceAnswer,
    EditFacts,
    FaceAnswer,
    FacesAnswer,
    ReadFaceAnswer,
)
from serving.reading import Reading
from serving.results import EditedFace, EditResult, FacesResult


def face_shape(face: Face) -> FaceAnswer:
    """A box [x, y, width, height] and landmarks [x, y] in pixels of the picture as shown."""
    box = face.box
    return {
        "box": [round(v, 2) for v in (box.x, box.y, box.width, box.height)],
        "score": round(face.score, 4),
        "landmarks": {name: [round(x, 2), round(y, 2)] for name, (x, y) in face.landmarks.items()},
    }


def faces_shape(result: FacesResult) -> FacesAnswer:
    """The answer of `POST /v1/faces`. What no loaded model can read is empty."""
    readings = result.readings or (None,) * len(result.faces)
    return {
        "width": result.width,
        "height": result.height,
        "faces": [
            _read_shape(face, reading) for face, reading in zip(result.faces, readings, strict=True)
        ],
        "timings": rounded(result.timings),
    }


def _read_shape(face: Face, reading: Reading | None) -> ReadFaceAnswer:
    """The face with probabilities of expressions and attributes, and its parameters."""
    return {
        **face_shape(face),
        "expression": _values(reading.expression) if reading else {},
        "attributes": _values(reading.attributes) if reading else {},
        "parameters": _values(reading.vector) if reading else {},
    }


def _values(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def edited_shape(face: EditedFace) -> EditedFaceAnswer:
    """The face and the rectangle outside which nothing was changed."""
    return {**face_shape(face.face), "changed": list(face.changed)}


def edit_shape(result: EditResult) -> EditFacts:
    """What is told of an edited picture, without the picture."""
    return {
        "width": result.width,
        "height": result.height,
        "format": result.format,
        "faces": [edited_shape(face) for face in result.faces],
        "timings": rounded(result.timings),
    }


def edit_answer(result: EditResult) -> EditAnswer:
    """The answer of `POST /v1/expressions` in JSON."""
    return {**edit_shape(result), "image": result.data}


def rounded(timings: Mapping[str, float]) -> dict[str, float]:
    """Seconds by stage, to the microsecond."""
    return {stage: round(seconds, 6) for stage, seconds in timings.items()}
