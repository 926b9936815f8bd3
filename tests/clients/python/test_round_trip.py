"""Both clients against a real gateway: what comes back is what the pipeline makes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import celmood
from celmood import AsyncCelmood, Celmood
from contract.expression import EXPRESSIONS
from engines.protocol import Engine
from faces.face import Box
from serving.security.command import main as keys
from tests.clients.python.gateway import Gateway, running_gateway
from tests.pictures import encoded, opened, same_outside, scene, with_alpha

PICTURE = encoded(with_alpha(scene()))


@pytest.fixture(scope="module")
def gateway(engine: Engine) -> Iterator[Gateway]:
    with running_gateway(engine) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Celmood]:
    with Celmood(base_url=gateway.url) as client:
        yield client


def test_edit_is_the_pipelines_picture(gateway: Gateway, client: Celmood) -> None:
    result = client.edit(PICTURE, expression="angry", intensity=1.2)
    own = gateway.pipeline.edit(PICTURE, "angry", 1.2)
    assert result.image == own.data
    assert (result.format, result.width, result.height) == ("png", 240, 200)
    assert [tuple(face.changed or ()) for face in result.faces] == [f.changed for f in own.faces]
    assert same_outside(
        opened(PICTURE), opened(result.image), [list(map(int, result.faces[0].changed or ()))]
    )
    assert set(result.timings) == {"decode", "find", "align", "infer", "paste", "encode"}
    assert result.request_id


async def test_the_asynchronous_twin_gets_the_same(gateway: Gateway) -> None:
    async with AsyncCelmood(base_url=gateway.url) as client:
        names = await client.expressions()
        results = await asyncio.gather(
            *(client.edit(PICTURE, expression=name) for name in ("sad", "angry"))
        )
        faces = await client.faces(PICTURE)
    assert names == EXPRESSIONS
    for name, result in zip(("sad", "angry"), results, strict=True):
        assert result.image == gateway.pipeline.edit(PICTURE, name).data
    assert len(faces.faces) == 1


def test_a_blend_arrives(gateway: Gateway, client: Celmood) -> None:
    blend = {"happy": 0.5, "angry": 0.25, "gaze_x": 0.5}
    blended = client.edit(PICTURE, expression=blend).image
    assert blended == gateway.pipeline.edit(PICTURE, blend).data
    assert blended != client.edit(PICTURE, expression="happy").image
    with pytest.raises(celmood.UnknownParameterError, match="merry") as caught:
        client.edit(PICTURE, expression={"merry": 0.5})
    assert set(caught.value.known) > set(EXPRESSIONS)
    with pytest.raises(celmood.IntensityOutOfRangeError, match="the weight of happy"):
        client.edit(PICTURE, expression={"happy": 2.0})


def test_boxes_and_parameters_arrive(gateway: Gateway, client: Celmood) -> None:
    face = client.faces(PICTURE).faces[0]
    vein = {"vein": 1.0}
    result = client.edit(PICTURE, faces=[face.box], expression=vein, format="webp", quality=70)
    assert result.format == "webp"
    own = gateway.pipeline.edit(PICTURE, vein, faces=[Box(*face.box)], format="webp", quality=70)
    assert result.image == own.data


def test_cards(client: Celmood) -> None:
    assert [model.name for model in client.models()] == ["expression", "finder"]
    assert client.expressions() == EXPRESSIONS
    model = client.model("expression")
    assert model.task == "edit_expression"
    assert model.expressions == EXPRESSIONS
    assert model.card["weights_sha256"]


EMPTY = encoded(scene(faces=()))


@pytest.mark.parametrize(
    ("image", "arguments", "kind"),
    [
        (b"", {}, celmood.EmptyPictureError),
        (b"no picture", {}, celmood.NotAPictureError),
        (PICTURE[: len(PICTURE) // 2], {}, celmood.TruncatedPictureError),
        (EMPTY, {}, celmood.NoFaceError),
        (PICTURE, {"expression": "agry"}, celmood.UnknownExpressionError),
        (PICTURE, {"expression": {"brow": 1.0}}, celmood.UnknownParameterError),
        (PICTURE, {"intensity": 2.0}, celmood.IntensityOutOfRangeError),
        (PICTURE, {"faces": [(900, 900, 50, 50)]}, celmood.BoxOutsideError),
        (PICTURE, {"faces": "some"}, celmood.InvalidFieldError),
        (PICTURE, {"model": "finder"}, celmood.UnknownModelError),
    ],
)
def test_refusals_are_typed_and_the_next_call_works(
    client: Celmood,
    image: bytes,
    arguments: dict[str, object],
    kind: type[celmood.ServiceError],
) -> None:
    with pytest.raises(kind) as raised:
        client.edit(image, **{"expression": "angry", **arguments})  # type: ignore[arg-type]
    assert type(raised.value) is kind
    assert raised.value.request_id
    assert raised.value.detail
    assert client.edit(PICTURE, expression="angry").faces


def test_a_model_that_does_not_exist(client: Celmood) -> None:
    with pytest.raises(celmood.UnknownModelError) as raised:
        client.model("nobody")
    assert raised.value.status == 404
    assert raised.value.known == ("expression", "finder")


def test_keys(engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "keys.json")

    def key(*words: str) -> str:
        assert keys(["make", "--tenant", "studio", "--file", path, *words]) == 0
        return capsys.readouterr().out.strip()

    good, narrow = key("--rate", "2/hour"), key("--scopes", "models")
    spent, old = key("--quota", "1/day"), key()
    assert keys(["revoke", old.split("_")[1], "--file", path]) == 0
    with running_gateway(engine, keys=path) as gateway:

        def faces(api_key: str | None) -> celmood.FacesResult:
            with Celmood(base_url=gateway.url, api_key=api_key, max_retries=0) as client:
                return client.faces(PICTURE)

        assert len(faces(good).faces) == len(faces(good).faces) == len(faces(spent).faces) == 1
        for api_key, kind in (
            (None, celmood.NoKeyError),
            (old, celmood.KeyRefusedError),
            (narrow, celmood.ScopeMissingError),
            (good, celmood.OverRateError),
            (spent, celmood.OverQuotaError),
        ):
            with pytest.raises(kind) as raised:
                faces(api_key)
            assert type(raised.value) is kind
            wait = raised.value.retry_after
            assert (wait is not None and wait > 60) is (kind.__name__.startswith("Over"))


def test_what_is_not_offered(gateway: Gateway) -> None:
    with (
        Celmood(base_url=f"{gateway.url}/elsewhere") as client,
        pytest.raises(celmood.NotFoundError),
    ):
        client.models()


def test_the_request_id_is_the_gateways(gateway: Gateway) -> None:
    sent: list[str] = []

    def note(request: httpx.Request) -> None:
        sent.append(request.headers["X-Request-Id"])

    with (
        httpx.Client(event_hooks={"request": [note]}) as http,
        Celmood(base_url=gateway.url, http_client=http) as client,
    ):
        assert client.faces(PICTURE).request_id == sent[0]
