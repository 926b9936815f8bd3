"""The engine that settings ask for, and what it is told of the way to Triton."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from engines.onnx_engine import OnnxEngine
from engines.triton_engine import TritonEngine
from serving import engine as module
from serving.engine import open_engine, pictures_at_once
from serving.settings import Settings, SettingsError, from_environment
from tests.engines.triton_stub import TritonStub


def test_onnxruntime_by_default(model_repository: Path) -> None:
    engine = open_engine(Settings(model_repository=model_repository))
    assert isinstance(engine, OnnxEngine)
    assert engine.devices() == {"expression": "cpu", "finder": "cpu"}
    engine.close()


def test_triton_with_a_token_and_a_device(model_repository: Path) -> None:
    with TritonStub(model_repository) as one, TritonStub(model_repository) as two:
        settings = from_environment(
            {
                "CELMOOD_ENGINE": "triton",
                "CELMOOD_TRITON": f"{one.address},{two.address}",
                "CELMOOD_TRITON_TOKEN": "open",
                "CELMOOD_TRITON_TOKEN_HEADER": "X-Token",
                "CELMOOD_TRITON_DEVICE": "gpu",
            }
        )
        engine = open_engine(settings)
        assert isinstance(engine, TritonEngine)
        assert sorted(engine.problems()) == ["expression", "finder"]  # they run on a CPU
        for stub in (one, two):
            assert stub.headers
            assert all(headers["x-token"] == "open" for headers in stub.headers)
        engine.close()
    assert "open" not in repr(settings)


def test_files_of_tls_that_are_not_there_are_said(tmp_path: Path) -> None:
    settings = Settings(engine="triton", triton_tls=True, triton_authorities=tmp_path / "none.pem")
    with pytest.raises(OSError, match=r"none\.pem"):
        open_engine(settings)


def test_tls_with_a_file_of_authorities(model_repository: Path, tmp_path: Path) -> None:
    trusted = tmp_path / "authorities.pem"
    trustme.CA().cert_pem.write_to_path(str(trusted))
    with TritonStub(model_repository) as stub:  # which speaks none
        engine = open_engine(
            Settings(
                engine="triton", triton=stub.address, triton_tls=True, triton_authorities=trusted
            )
        )
        assert list(engine.problems()) == [stub.address]
        engine.close()


def test_no_address_is_no_setting() -> None:
    with pytest.raises(SettingsError, match="CELMOOD_TRITON"):
        from_environment({"CELMOOD_TRITON": " , "})


@pytest.mark.parametrize(
    ("given", "pictures"),
    [
        ({}, 6),
        ({"engine": "triton"}, 12),
        ({"processes": 2}, 3),
        ({"processes": 2, "engine": "triton"}, 6),
        ({"processes": 8}, 1),
        ({"processes": 8, "engine": "triton"}, 2),
        ({"workers": 5, "engine": "triton"}, 5),
    ],
)
def test_more_pictures_are_in_work_than_cores_where_threads_wait_for_triton(
    given: dict[str, object], pictures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "usable_cores", lambda: 6)
    assert pictures_at_once(Settings.model_validate(given)) == pictures
