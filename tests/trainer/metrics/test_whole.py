"""Edits of whole pictures: the same as the service gives, and nothing outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contract.control import strength
from engines.onnx_engine import OnnxEngine
from faces.canvas import Canvas
from serving.pipeline import Pipeline
from serving.settings import Settings
from tests.pictures import encoded, opened, same_outside, scene, with_alpha
from trainer.metrics.editors import ExportedEditor, served_control
from trainer.metrics.finders import NetworkFinder
from trainer.metrics.whole import edit, seen


@pytest.mark.parametrize(("alpha", "intensity"), [(False, 0.5), (True, 0.5), (True, 0.1)])
def test_the_answer_is_the_services(
    engine: OnnxEngine, model_repository: Path, alpha: bool, intensity: float
) -> None:
    picture = with_alpha(scene()) if alpha else scene()
    editor = ExportedEditor(model_repository / "expression")
    (face,) = NetworkFinder(engine).find(Canvas(picture))
    control = served_control(editor, "happy", intensity)
    edited = edit(editor, Canvas(picture), face.landmarks, control, strength(intensity))
    served = Pipeline(engine, Settings()).edit(encoded(picture), "happy", intensity)
    assert np.array_equal(edited.pixels, opened(served.data))
    assert edited.written.whole == served.faces[0].changed
    assert same_outside(picture, edited.pixels, [edited.written.whole])
    assert not same_outside(picture, edited.pixels, [])


def test_what_is_transparent_shows_the_ground() -> None:
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, 3] = (0, 51, 255)
    shown = seen(pixels, (200, 100, 0))
    assert shown[0, 0] * 255 == pytest.approx([200, 100, 0], abs=0.01)
    assert shown[0, 1] * 255 == pytest.approx([160, 80, 0], abs=0.01)
    assert not shown[0, 2].any()
