from __future__ import annotations

from pathlib import Path

import pytest

from serving.settings import SettingsError, from_environment


def test_the_environment_sets_and_arguments_win() -> None:
    environment = {
        "CELMOOD_MAX_BYTES": "1000",
        "CELMOOD_FINDER": "lbp",
        "CELMOOD_MODEL_REPOSITORY": "/a",
        "CELMOOD_ASSETS": "/elsewhere",
        "CELMOOD_TRITON": "",
    }
    settings = from_environment(environment, model_repository=Path("/b"), engine=None)
    assert settings.max_bytes == 1000
    assert settings.finder == "lbp"
    assert settings.model_repository == Path("/b")
    assert settings.engine == "onnxruntime"
    assert settings.triton == "127.0.0.1:8001"


def test_the_finder_has_a_short_variable_too() -> None:
    assert from_environment({"FINDER": "lbp"}).finder == "lbp"
    assert from_environment({"FINDER": "lbp", "CELMOOD_FINDER": "network"}).finder == "network"
    assert from_environment({"FINDER": "lbp", "CELMOOD_FINDER": ""}).finder == "lbp"
    assert from_environment({"FINDER": "lbp"}, finder="network").finder == "network"
    assert from_environment({"FINDER": ""}).finder == "network"
    assert from_environment({"MODEL": "other", "TIMEOUT": "1"}).model is None
    with pytest.raises(SettingsError, match=r"^FINDER: .*'lbp'"):
        from_environment({"FINDER": "eyes"})


@pytest.mark.parametrize(
    ("name", "value"), [("TIMEOUT", "soon"), ("FINDER", "eyes"), ("WORKERS", "0")]
)
def test_a_setting_that_cannot_be_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"CELMOOD_{name}"):
        from_environment({f"CELMOOD_{name}": value})
