"""The JSON of answers: what the pipeline found, rounded for reading."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from faces.face import Face
from serving.pipeline import EditResult, FacesResult
from serving.reading import Reading


def face_shape(face: Face) -> dict[str, Any]:
    """A box [x, y, width, height] and landmarks [x, y] in pixels of the picture as shown."""
    box = face.box
    return {
        "box": [round(v, 2) for v in (box.x, box.y, box.width, box.height)],
        "score": round(face.score, 4),
        "landmarks": {name: [round(x, 2), round(y, 2)] for name, (x, y) in face.landmarks.items()},
    }


def faces_shape(result: FacesResult) -> dict[str, Any]:
    """The answer of `POST /v1/faces`. What no loaded model can read is empty."""
    readings = result.readings or (None,) * len(result.faces)
    return {
        "width": result.width,
        "height": result.height,
        "faces": [
            {**face_shape(face), **_reading_shape(reading)}
            for face, reading in zip(result.faces, readings, strict=True)
        ],
        "timings": rounded(result.timings),
    }


def _reading_shape(reading: Reading | None) -> dict[str, Any]:
    """Probabilities of expressions and attributes, and the parameters of the face."""
    if reading is None:
        return {"expression": {}, "attributes": {}, "parameters": {}}
    told = {
        "expression": reading.expression,
        "attributes": reading.attributes,
        "parameters": reading.vector,
    }
    return {
        what: {name: round(value, 4) for name, value in values.items()}
        for what, values in told.items()
    }


def edit_shape(result: EditResult) -> dict[str, Any]:
    """What is told of an edited picture, without the picture."""
    return {
        "width": result.width,
        "height": result.height,
        "format": result.format,
        "faces": [{**face_shape(f.face), "changed": list(f.changed)} for f in result.faces],
        "timings": rounded(result.timings),
    }


def edit_answer(result: EditResult) -> dict[str, Any]:
    """The answer of `POST /v1/expressions` in JSON."""
    return {**edit_shape(result), "image": base64.b64encode(result.data).decode("ascii")}


def rounded(timings: Mapping[str, float]) -> dict[str, float]:
    """Seconds by stage, to the microsecond."""
    return {stage: round(seconds, 6) for stage, seconds in timings.items()}
