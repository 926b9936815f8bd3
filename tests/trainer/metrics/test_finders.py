"""Finders, called alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.onnx_engine import OnnxEngine
from faces.canvas import Canvas
from faces.lbp import CascadeError
from tests.bright_spots import spotted, write_cascade
from tests.pictures import scene
from trainer.metrics.finders import Cascade, CleanedCascade, FinderError, NetworkFinder


def test_the_network_finds_what_the_threshold_lets_through(engine: OnnxEngine) -> None:
    canvas = Canvas(scene())
    (face,) = NetworkFinder(engine).find(canvas)
    assert face.box.centre == pytest.approx((120, 100), abs=1.5)
    assert NetworkFinder(engine, threshold=face.score + 0.01).find(canvas) == []


def test_a_repository_without_a_finder_is_told(tmp_path: Path) -> None:
    empty = OnnxEngine(tmp_path / "nowhere")
    with pytest.raises(FinderError, match="cannot be read"):
        NetworkFinder(empty)


def test_a_cascade_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "no.xml").write_text("<no/>")
    with pytest.raises(CascadeError):
        Cascade(tmp_path / "no.xml")


@pytest.mark.parametrize(("weight", "kept"), [(2.0, 1), (1.0, 0)])  # scores of .88 and .73
def test_the_rules_of_the_paper_are_measured_beside_the_cascade(
    tmp_path: Path, weight: float, kept: int
) -> None:
    path, canvas = write_cascade(tmp_path / "cascade.xml", weight), spotted((300, 200, 90))
    assert len(Cascade(path).find(canvas)) == 1
    assert len(CleanedCascade(path).find(canvas)) == kept
