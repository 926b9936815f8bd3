"""Readings come back under their names, in their units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contract.expression import EXPRESSIONS, PARAMETERS
from contract.labels import ATTRIBUTES
from engines.onnx_engine import OnnxEngine
from engines.protocol import EngineError
from serving.reading import read
from tests.engines.tiny_models import tiny_reader, write_model


def flat(level: int) -> np.ndarray:
    return np.full((32, 32, 3), level, np.uint8)


def test_readings_under_their_names(tmp_path: Path) -> None:
    card = write_model(tmp_path, *tiny_reader())
    engine = OnnxEngine(tmp_path)
    dark, light = read(engine, card, [flat(0), flat(255)])
    assert tuple(dark.vector) == tuple(p.name for p in PARAMETERS)
    assert dark.vector == pytest.approx({p.name: p.neutral for p in PARAMETERS})
    for p in PARAMETERS:
        farther = p.neutral + max(p.high - p.neutral, p.neutral - p.low)
        assert light.vector[p.name] == pytest.approx(min(farther, p.high))
    assert dark.expression == pytest.approx(dict.fromkeys(EXPRESSIONS, 0.0) | {"neutral": 1.0})
    assert light.expression[EXPRESSIONS[1]] == pytest.approx(1.0)
    assert light.attributes == pytest.approx(dict.fromkeys(ATTRIBUTES, 1.0))
    engine.close()


def test_values_of_no_use_are_refused(tmp_path: Path) -> None:
    card = write_model(tmp_path, *tiny_reader())

    class Broken(OnnxEngine):
        def run(self, model, inputs, timeout=None):
            outputs = super().run(model, inputs, timeout=timeout)
            return outputs | {"vector": outputs["vector"] * np.nan}

    engine = Broken(tmp_path)
    with pytest.raises(EngineError, match="vector that are not finite"):
        read(engine, card, [flat(9)])
    engine.close()
