from __future__ import annotations

from pathlib import Path

import pytest

from contract.control import expressions
from engines.onnx_engine import OnnxEngine
from serving.models import editor, finder, reader
from serving.request_errors import NoModelError, UnknownModelError


def test_models_are_chosen_by_their_task(model_repository: Path) -> None:
    engine = OnnxEngine(model_repository, threads=1)
    assert finder(engine).task == "find_faces"
    assert editor(engine, None).task == "edit_expression"
    assert editor(engine, "expression").name == "expression"
    assert "angry" in expressions(editor(engine, None))
    with pytest.raises(UnknownModelError) as raised:
        editor(engine, "finder")
    assert raised.value.known == ("expression",)


def test_without_models_it_is_said_where_to_look(tmp_path: Path) -> None:
    engine = OnnxEngine(tmp_path, threads=1)
    assert reader(engine) is None
    with pytest.raises(NoModelError, match="/readyz"):
        finder(engine)
    with pytest.raises(NoModelError, match="/readyz"):
        editor(engine, None)
