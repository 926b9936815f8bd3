"""The JSON of answers: what the pipeline found, rounded for reading."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from faces.face import Face
from serving.pipeline import EditResult, FacesResult


def face_shape(face: Face) -> dict[str, Any]:
    """A box [x, y, width, height] and landmarks [x, y] in pixels of the picture as shown."""
    box = face.box
    return {
        "box": [round(v, 2) for v in (box.x, box.y, box.width, box.height)],
        "score": round(face.score, 4),
        "landmarks": {name: [round(x, 2), round(y, 2)] for name, (x, y) in face.landmarks.items()},
    }


def faces_shape(result: FacesResult) -> dict[str, Any]:
    """The answer of `POST /v1/faces`. What no loaded model can see is empty."""
    return {
        "width": result.width,
        "height": result.height,
        "faces": [
            {**face_shape(face), "expression": {}, "attributes": {}} for face in result.faces
        ],
        "timings": _rounded(result.timings),
    }


def edit_shape(result: EditResult) -> dict[str, Any]:
    """What is told of an edited picture, without the picture."""
    return {
        "width": result.width,
        "height": result.height,
        "format": result.format,
        "faces": [{**face_shape(f.face), "changed": list(f.changed)} for f in result.faces],
        "timings": _rounded(result.timings),
    }


def edit_answer(result: EditResult) -> dict[str, Any]:
    """The answer of `POST /v1/expressions` in JSON."""
    return {**edit_shape(result), "image": base64.b64encode(result.data).decode("ascii")}


def _rounded(timings: Mapping[str, float]) -> dict[str, float]:
    return {stage: round(seconds, 6) for stage, seconds in timings.items()}
