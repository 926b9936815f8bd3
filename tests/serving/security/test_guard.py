from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client
from pydantic import SecretStr

from engines.onnx_engine import OnnxEngine
from serving.__main__ import main
from serving.app import create_app
from serving.security.guard import check_exposure
from serving.security.headers import HEADERS
from serving.security.keys import new_token
from serving.settings import Settings, SettingsError, from_environment
from tests.live import running
from tests.pictures import encoded, scene

PICTURE = encoded(scene())
FRIEND = "https://app.example"


@pytest.fixture(scope="module")
def client(model_repository: Path) -> Iterator[Client]:
    settings = Settings(cors_origins=(FRIEND,), behind_tls=True)
    with running(create_app(settings, OnnxEngine(model_repository, threads=1))) as client:
        yield client


def test_every_answer_has_the_headers(client: Client) -> None:
    answers = [
        client.post("/v1/faces", files={"image": PICTURE}),
        client.post("/v1/expressions", files={"image": PICTURE}, data={"expression": "sad"}),
        client.post("/v1/expressions", files={"image": b"x"}, data={"expression": "sad"}),
        client.get("/healthz"),
        client.get("/nothing"),
        client.get("/healthz", headers={"Host": "evil.example"}),
        client.options("/v1/faces"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 415, 200, 404, 421, 405]
    for answer in answers:
        for name, value in HEADERS.items():
            if name != "Cache-Control":
                assert answer.headers.get_list(name) == [value]
        assert answer.headers["Cache-Control"] in ("no-store", "private, no-cache")
        assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_only_pages_of_allowed_sites_may_read(client: Client) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization,x-request-timeout"
    allowed = client.options("/v1/expressions", headers=asked | {"Origin": FRIEND})
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    refused = client.options("/v1/expressions", headers=asked | {"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in refused.headers
    problem = client.get("/nothing", headers={"Origin": FRIEND})
    assert problem.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "X-Celmood-Faces" in problem.headers["Access-Control-Expose-Headers"]


def test_by_default_no_page_of_another_site_may_read(model_repository: Path) -> None:
    with running(create_app(Settings(), OnnxEngine(model_repository, threads=1))) as client:
        for answer in (
            client.get("/v1/models", headers={"Origin": FRIEND}),
            client.options(
                "/v1/models", headers={"Origin": FRIEND, "Access-Control-Request-Method": "GET"}
            ),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "celmood.example"])
def test_an_address_that_others_reach_needs_keys_or_a_word(host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="keys make") as raised:
        check_exposure(host, Settings())
    assert "--without-keys" in str(raised.value)
    check_exposure(host, Settings(without_keys=True))
    check_exposure(host, Settings(keys=tmp_path / "keys.json"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_machine_needs_none(host: str) -> None:
    check_exposure(host, Settings())


def test_the_command_refuses_to_start(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CELMOOD_KEYS", "CELMOOD_WITHOUT_KEYS"):
        monkeypatch.delenv(name, raising=False)
    assert main(["--host", "0.0.0.0", "--port", "0"]) == 2
    assert "0.0.0.0 can be reached by others" in capsys.readouterr().err


def test_a_file_of_keys_that_is_missing_is_named(model_repository: Path, tmp_path: Path) -> None:
    engine = OnnxEngine(model_repository, threads=1)
    with pytest.raises(SettingsError, match=r"CELMOOD_KEYS: .*none\.json"):
        create_app(Settings(keys=tmp_path / "none.json"), engine)
    engine.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE", "often"),
        ("QUOTA", "0/day"),
        ("URL_HOSTS", "https://a.example/path"),
        ("URL_NETWORKS", "10.0.0.0/99"),
        ("MAX_PIXELS", "90000000"),
    ],
)
def test_settings_that_cannot_be(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"CELMOOD_{name}"):
        from_environment({f"CELMOOD_{name}": value})


def test_lists_in_the_environment_are_words() -> None:
    settings = from_environment(
        {
            "CELMOOD_CORS_ORIGINS": "https://a.example, https://b.example",
            "CELMOOD_URL_HOSTS": "a.example,*.b.example http://c:81",
            "CELMOOD_URL_NETWORKS": "10.1.0.0/16",
            "CELMOOD_WITHOUT_KEYS": "1",
        }
    )
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert list(map(str, settings.url_hosts)) == [
        "https://a.example:443",
        "https://*.b.example:443",
        "http://c:81",
    ]
    assert settings.without_keys


def test_a_store_that_cannot_be_is_not_shown(model_repository: Path) -> None:
    settings = Settings(rate_store=SecretStr("mongodb://user:hush@host"))
    assert "hush" not in repr(settings)
    engine = OnnxEngine(model_repository, threads=1)
    with pytest.raises(SettingsError, match="CELMOOD_RATE_STORE") as raised:
        create_app(settings, engine)
    engine.close()
    assert "hush" not in str(raised.value)


def test_processes_that_count_alone_are_told_of(
    model_repository: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = OnnxEngine(model_repository, threads=1)
    create_app(Settings(processes=2), engine)
    assert "CELMOOD_RATE_STORE" not in caplog.text
    create_app(Settings(processes=2, rate="9/minute"), engine)
    assert "CELMOOD_RATE_STORE" in caplog.text
    engine.close()


def test_no_picture_and_no_key_is_in_a_log(
    model_repository: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(OnnxEngine):
        def run(self, *_, **__):
            raise ZeroDivisionError("the engine is broken")

    token = new_token()
    headers = {"Authorization": f"Bearer {token}", "X-API-Key": token}
    marked = PICTURE[:-12] + b"\x00\x00\x00\x08tEXtSECRETXX\x00\x00\x00\x00" + PICTURE[-12:]
    app = create_app(Settings(), Broken(model_repository, threads=1))
    with caplog.at_level(logging.DEBUG), running(app) as client:
        answers = [
            client.post("/v1/faces", files={"image": image}, headers=headers)
            for image in (PICTURE, marked, b"SECRET" * 100)
        ]
        answers.append(client.post("/v1/faces", json={"image": "SECRET!"}, headers=headers))
        answers.append(client.post("/v1/faces", json={"image_url": "https://a/SECRET"}))
    assert answers[0].status_code == 500
    assert "the engine is broken" in caplog.text
    shown = [str(vars(record)) for record in caplog.records]
    assert not [line for line in shown if token.rpartition("_")[2] in line]
    assert not [line for line in shown if "SECRET" in line or "PNG" in line]
    for answer in answers:
        assert answer.status_code >= 400
        assert "Traceback" not in answer.text
        assert "broken" not in answer.text


def test_pillows_warning_of_bombs_is_an_error_outside_of_tests_too() -> None:
    code = (
        "import io, serving.picture\n"
        "from PIL import Image\n"
        "file = io.BytesIO()\n"
        "Image.new('1', (10_000, 9_000)).save(file, 'PNG')\n"
        "try:\n"
        "    Image.open(file)\n"
        "except Image.DecompressionBombWarning:\n"
        "    print('refused')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "refused\n"
