"""Edits of whole pictures: the same as the service gives, and nothing outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from contract.control import control_for, strength
from contract.expression import DRAWN
from engines.onnx_engine import OnnxEngine
from faces.canvas import Canvas
from faces.change import NOTHING
from serving.pipeline import Pipeline
from serving.settings import Settings
from tests.magenta_models import write_magenta_repository
from tests.painted_faces import magenta_face
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


@pytest.fixture(scope="module")
def leaving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose editor leaves brows and marks to be drawn."""
    return write_magenta_repository(tmp_path_factory.mktemp("leaving"), DRAWN)


@pytest.mark.parametrize("wanted", ["crying", "worried", "embarrassed", {"vein": 1.0}])
@pytest.mark.parametrize("intensity", [0.1, 1.0])
def test_what_is_drawn_is_drawn_as_the_service_draws_it(
    leaving: Path, wanted: str | dict[str, float], intensity: float
) -> None:
    picture = with_alpha(magenta_face())
    editor, engine = ExportedEditor(leaving / "expression"), OnnxEngine(leaving, threads=1)
    (face,) = NetworkFinder(engine).find(Canvas(picture))
    control = torch.from_numpy(control_for(editor.card, wanted, intensity))
    edited = edit(editor, Canvas(picture), face.landmarks, control, strength(intensity))
    served = Pipeline(engine, Settings()).edit(encoded(picture), wanted, intensity)
    assert np.array_equal(edited.pixels, opened(served.data))
    assert edited.written.whole == served.faces[0].changed
    assert edited.written.drawing != NOTHING
    assert same_outside(picture, edited.pixels, edited.written)


def test_what_is_transparent_shows_the_ground() -> None:
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, 3] = (0, 51, 255)
    shown = seen(pixels, (200, 100, 0))
    assert shown[0, 0] * 255 == pytest.approx([200, 100, 0], abs=0.01)
    assert shown[0, 1] * 255 == pytest.approx([160, 80, 0], abs=0.01)
    assert not shown[0, 2].any()
