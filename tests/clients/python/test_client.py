from __future__ import annotations

import ast
import email
import email.policy
import inspect
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

import celmood
from celmood import AsyncCelmood, Celmood
from tests.clients.python.answers import Twins, card, edit_answer, faces_answer


def form_of(request: httpx.Request) -> dict[str, bytes]:
    """The parts of a multipart request by name."""
    head = b"Content-Type: " + request.headers["Content-Type"].encode() + b"\r\n\r\n"
    message = email.message_from_bytes(head + request.content, policy=email.policy.HTTP)
    parts = {}
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        parts[str(part.get_param("name", header="content-disposition"))] = content
    return parts


def problem(status: int, slug: str, **headers: str) -> httpx.Response:
    body = {"type": f"urn:celmood:problem:{slug}", "title": slug, "status": status, "detail": slug}
    return httpx.Response(status, json=body, headers=headers)


def test_edit_sends_the_fields_and_reads_the_answer(twin: Twins) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=edit_answer(b"\x89new"), headers={"X-Request-Id": "r1"})

    result = twin.call(
        answer,
        "edit",
        b"\x89old\r\n",
        expression={"vein": 1.0},
        intensity=0.5,
        faces=[(1, 2, 3, 4)],
        format="webp",
        quality=80,
        model="expression",
    )
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", "http://gateway/v1/expressions")
    assert request.headers["Accept"] == "application/json"
    form = form_of(request)
    assert form.pop("image") == b"\x89old\r\n"
    assert json.loads(form.pop("expression")) == {"vein": 1.0}
    assert json.loads(form.pop("faces")) == [[1, 2, 3, 4]]
    assert form == {
        "intensity": b"0.5",
        "format": b"webp",
        "quality": b"80",
        "model": b"expression",
    }
    assert (result.image, result.format, result.width, result.height) == (b"\x89new", "png", 64, 48)
    assert result.faces[0].changed == celmood.Box(5, 6, 40, 41)
    assert result.timings == {"decode": 0.001, "infer": 0.02}
    assert result.request_id == "r1"


def test_what_is_not_said_is_left_to_the_gateway(twin: Twins) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert form_of(request) == {"image": b"x", "expression": b"angry"}
        return httpx.Response(200, json=edit_answer())

    twin.call(answer, "edit", b"x", expression="angry")


def test_a_reference_goes_along_as_a_second_picture(twin: Twins) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert form_of(request) == {"image": b"x", "reference": b"y", "intensity": b"0.5"}
        return httpx.Response(200, json=edit_answer())

    twin.call(answer, "edit", b"x", reference=b"y", intensity=0.5)
    with pytest.raises(ValueError, match="`expression` or `reference`"):
        twin.call(answer, "edit", b"x")
    with pytest.raises(ValueError, match="`expression` or `reference`"):
        twin.call(answer, "edit", b"x", expression="sad", reference=b"y")


def test_what_faces_show_is_read(twin: Twins) -> None:
    shown = {"expression": {"sad": 0.75}, "attributes": {"hat": 1}, "parameters": {"tears": 0.5}}
    body = faces_answer()
    body["faces"] = [{**body["faces"][0], **shown}, body["faces"][0]]
    result = twin.call(lambda _: httpx.Response(200, json=body), "faces", b"x")
    first, second = result.faces
    assert (first.expression, first.attributes) == ({"sad": 0.75}, {"hat": 1.0})
    assert first.parameters == {"tears": 0.5}
    assert second.expression == second.attributes == second.parameters == {}


def test_faces(twin: Twins) -> None:
    result = twin.call(lambda _: httpx.Response(200, json=faces_answer()), "faces", b"x")
    assert (result.width, result.height) == (64, 48)
    (face,) = result.faces
    assert face.box == (10, 20, 30.5, 40)
    assert face.landmarks["left_eye"].y == 30
    assert face.changed is None


def test_models_and_expressions(twin: Twins) -> None:
    finder = card("finder", task="find_faces", labels=["left_eye"], control=None)
    one_hot = card("zz", labels=["happy", "sad"], control={"kind": "one_hot"})
    body = {"models": [finder, card(), one_hot], "problems": {}}
    models = twin.call(lambda _: httpx.Response(200, json=body), "models")
    assert [(m.name, m.expressions) for m in models] == [
        ("finder", ()),
        ("expression", ("angry", "neutral")),
        ("zz", ("happy", "sad")),
    ]
    assert models[1].card == card()
    names = twin.call(lambda _: httpx.Response(200, json=body), "expressions")
    assert names == ("angry", "neutral")


def test_a_model_by_name(twin: Twins) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.raw_path == b"/v1/models/a%2Fb"
        return httpx.Response(200, json=card())

    assert twin.call(answer, "model", "a/b").version == 3


def test_a_refusal_that_may_pass_is_repeated_with_the_same_request_id(
    twin: Twins, waits: list[float]
) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            return problem(503, "busy", **{"Retry-After": "3"})
        if len(seen) == 2:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json=faces_answer())

    assert twin.call(answer, "faces", io.BytesIO(b"x")).width == 64
    assert [form_of(request)["image"] for request in seen] == [b"x"] * 3
    assert len({request.headers["X-Request-Id"] for request in seen}) == 1
    assert len(waits) == 2
    assert waits[0] >= 3


def test_the_last_refusal_is_raised(twin: Twins, waits: list[float]) -> None:
    with pytest.raises(celmood.BusyError) as raised:
        twin.call(lambda _: problem(503, "busy"), "faces", b"x", retries=3)
    assert len(waits) == 3
    assert raised.value.request_id


def test_a_final_refusal_is_not_repeated(twin: Twins, waits: list[float]) -> None:
    with pytest.raises(celmood.NoFaceError):
        twin.call(lambda _: problem(422, "no-face"), "edit", b"x", expression="angry")
    assert waits == []


@pytest.mark.parametrize(
    ("cause", "kind", "attempts"),
    [
        (httpx.ConnectError("refused"), celmood.ConnectionFailedError, 3),
        (httpx.RemoteProtocolError("cut"), celmood.ConnectionFailedError, 3),
        (httpx.ReadTimeout("slow"), celmood.RequestTimeoutError, 1),
    ],
)
def test_no_answer(
    twin: Twins, waits: list[float], cause: Exception, kind: type[Exception], attempts: int
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise cause

    with pytest.raises(kind, match="http://gateway") as raised:
        twin.call(answer, "faces", b"x")
    assert type(raised.value) is kind
    assert raised.value.request_id  # type: ignore[attr-defined]
    assert len(waits) == attempts - 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        json.dumps({**edit_answer(), "image": "not base64!"}).encode(),
        json.dumps({**edit_answer(), "faces": [{"box": [1, 2]}]}).encode(),
    ],
)
def test_an_answer_of_something_else(twin: Twins, body: bytes) -> None:
    with pytest.raises(celmood.UnexpectedAnswerError, match="gateway") as raised:
        twin.call(lambda _: httpx.Response(200, content=body), "edit", b"x", expression="a")
    assert raised.value.request_id


def refuse_all(_: httpx.Request) -> httpx.Response:
    raise AssertionError("no request should be made")


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("no-such.png", "no picture at no-such.png"),
        (Path(), "cannot be read"),
        ("nul\0.png", "cannot be read"),
        (io.StringIO("text"), "mode 'rb'"),
        (3, "not int"),
    ],
)
def test_a_picture_that_cannot_be_read_makes_no_request(
    twin: Twins, image: Any, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(celmood.PictureError, match=told):
        twin.call(refuse_all, "faces", image)


def test_pictures_by_path_bytes_and_file(twin: Twins, tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    path.write_bytes(b"bytes")

    def answer(request: httpx.Request) -> httpx.Response:
        assert form_of(request)["image"] == b"bytes"
        return httpx.Response(200, json=faces_answer())

    with path.open("rb") as file:
        for image in (path, str(path), b"bytes", bytearray(b"bytes"), file):
            twin.call(answer, "faces", image)


def test_save_writes_whole_files_only(tmp_path: Path) -> None:
    result = celmood.EditResult.from_json(edit_answer(b"new"), "r")
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    assert result.save(path) == path
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_save_leaves_nothing(tmp_path: Path) -> None:
    result = celmood.EditResult.from_json(edit_answer(), "r")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        result.save(tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELMOOD_URL", raising=False)
    with Celmood() as client:
        assert client.base_url == "http://127.0.0.1:8000"
    monkeypatch.setenv("CELMOOD_URL", "https://moods.example/api/")
    with Celmood() as client:
        assert client.base_url == "https://moods.example/api"
    with Celmood(base_url="http://other:1") as client:
        assert client.base_url == "http://other:1"


def seconds_sent(twin: Twins, timeout: httpx.Timeout, method: str, *args: Any) -> str | None:
    """The header X-Request-Timeout that a client with `timeout` sends."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return problem(422, "no-face")

    with pytest.raises(celmood.NoFaceError):
        twin.call(answer, method, *args, timeout=timeout)
    return seen[0].headers.get("X-Request-Timeout")


def test_the_gateway_is_told_how_long_a_picture_is_waited_for(twin: Twins) -> None:
    assert seconds_sent(twin, httpx.Timeout(60.0, connect=5.0), "faces", b"x") == "60"
    assert seconds_sent(twin, httpx.Timeout(60.0, read=0.25), "sheet", b"x") == "0.25"
    assert seconds_sent(twin, httpx.Timeout(None), "faces", b"x") is None


def test_nothing_is_told_where_the_gateway_works_on_no_picture_now(twin: Twins) -> None:
    timeout = httpx.Timeout(3.0)
    assert seconds_sent(twin, timeout, "models") is None
    assert seconds_sent(twin, timeout, "send_batch", [{"image": b"x"}]) is None


def test_the_clients_own_timeout_is_told(httpx_requests: list[httpx.Request]) -> None:
    with Celmood(base_url="http://gateway", timeout=7.5) as client:
        client.faces(b"x")
    with Celmood(base_url="http://gateway") as client:
        client.faces(b"x")
    told = [request.headers["X-Request-Timeout"] for request in httpx_requests]
    assert told == ["7.5", "60"]


@pytest.fixture
def httpx_requests(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """What clients send, answered as `faces`."""
    sent: list[httpx.Request] = []

    def send(_: httpx.Client, request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=faces_answer())

    monkeypatch.setattr(httpx.Client, "send", send)
    return sent


def keys_sent(monkeypatch: pytest.MonkeyPatch, twin: Twins, variable: str, **given: Any) -> str:
    """The header Authorization that a client sends; empty without one."""
    monkeypatch.setenv("CELMOOD_API_KEY", variable)
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=card())

    twin.call(answer, "model", "expression", client=given)
    return str(seen[0].headers.get("Authorization", ""))


def test_the_key(monkeypatch: pytest.MonkeyPatch, twin: Twins) -> None:
    assert keys_sent(monkeypatch, twin, "") == ""
    assert keys_sent(monkeypatch, twin, "celmood_1_a\n") == "Bearer celmood_1_a"
    assert (
        keys_sent(monkeypatch, twin, "celmood_1_a", api_key="celmood_2_b") == "Bearer celmood_2_b"
    )


def test_the_key_is_sent_to_no_other_host(twin: Twins) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "gateway"
        return httpx.Response(302, headers={"Location": "http://elsewhere/"})

    with pytest.raises(celmood.ServiceError):
        twin.call(answer, "models", client={"api_key": "celmood_1_a"})


@pytest.mark.parametrize("key", ["a b", "a\nb", "schlüssel"])
def test_what_cannot_be_a_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(celmood.ApiKeyError) as raised:
        Celmood(api_key=key)
    assert key not in str(raised.value)


def test_a_client_of_the_callers_own_stays_open() -> None:
    with httpx.Client() as http:
        Celmood(http_client=http).close()
        assert not http.is_closed


def test_twins_have_the_same_methods_and_signatures() -> None:
    def signatures(kind: type) -> dict[str, list[inspect.Parameter]]:
        return {
            name: list(inspect.signature(member).parameters.values())
            for name, member in vars(kind).items()
            if inspect.isfunction(member) and not name.startswith("_")
        }

    assert signatures(Celmood) == signatures(AsyncCelmood)
    pictures = {"edit", "faces", "sheet", "grid"}
    batches = {"send_batch", "batch", "follow_batch", "cancel_batch"}
    others = {"models", "model", "expressions", "close"}
    assert set(signatures(Celmood)) == pictures | batches | others


def test_methods_are_described_where_they_are_made() -> None:
    signature = inspect.signature(Celmood.edit)
    assert list(signature.parameters)[:3] == ["self", "image", "expression"]
    assert signature.return_annotation == "EditResult"
    assert Celmood.edit.__name__ == "edit"
    assert AsyncCelmood.edit.__doc__ == Celmood.edit.__doc__
    assert all(vars(Celmood)[name].__doc__ for name in vars(Celmood) if not name.startswith("_"))
    assert inspect.iscoroutinefunction(AsyncCelmood.edit)


def test_options_are_keyword_only() -> None:
    for call in (Celmood.__init__, Celmood.edit):
        kinds = [p.kind for p in inspect.signature(call).parameters.values() if p.name != "self"]
        assert all(kind is inspect.Parameter.KEYWORD_ONLY for kind in kinds[-5:])
    with pytest.raises(TypeError):
        Celmood("http://positional")  # type: ignore[call-arg]


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, celmood, celmood._command; print(sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in ast.literal_eval(run.stdout)}
    assert "httpx" in loaded
    assert not loaded & {"numpy", "torch", "PIL", "cv2", "pydantic", "onnxruntime"}
