from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import celmood
from celmood import AsyncCelmood, BatchResult, Celmood
from celmood._command import main
from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.pipeline import Pipeline
from serving.settings import Settings
from tests.live import running
from tests.pictures import encoded, scene

PICTURE = encoded(scene())
EMPTY = encoded(scene(faces=()))


@pytest.fixture(scope="module")
def url(model_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(batches=tmp_path_factory.mktemp("batches"), workers=2)
    with running(create_app(settings, OnnxEngine(model_repository, threads=1))) as client:
        yield str(client.base_url)


@pytest.fixture
def client(url: str) -> Iterator[Celmood]:
    with Celmood(base_url=url) as client:
        yield client


def test_a_batch_brings_the_results_of_its_calls(
    client: Celmood, engine: OnnxEngine, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PICTURE)
    batch = client.send_batch(
        [
            {"image": path, "expression": "sad", "intensity": 0.5, "id": "edit"},
            {"image": PICTURE, "call": "faces", "id": "faces"},
            {"image": PICTURE, "call": "sheets", "expressions": ["sad"], "id": "sheet"},
            {"image": PICTURE, "call": "sheets", "layout": "grid", "id": "grid"},
            {"image": EMPTY, "expression": "sad"},
        ]
    )
    assert (batch.total, batch.ended) == (5, False)
    found = list(client.follow_batch(batch.id))
    assert [result.position for result in found] == [1, 2, 3, 4, 5]
    by_id = {result.id: result for result in found}
    edit = by_id["edit"].result
    assert isinstance(edit, celmood.EditResult)
    assert edit.image == Pipeline(engine, Settings()).edit(PICTURE, "sad", 0.5).data
    assert isinstance(by_id["faces"].result, celmood.FacesResult)
    assert isinstance(by_id["sheet"].result, celmood.Sheet)
    assert isinstance(by_id["grid"].result, celmood.Grid)
    none = by_id[None]
    assert (none.line, none.result) == (5, None)
    assert isinstance(none.error, celmood.NoFaceError)
    assert none.error.request_id == f"{batch.id}.5"
    ended = client.batch(batch.id)
    assert (ended.status, ended.succeeded, ended.failed) == ("completed", 4, 1)
    assert [r.position for r in client.follow_batch(batch.id, after=3)] == [4, 5]
    assert client.cancel_batch(batch.id).status == "completed"


async def test_the_asynchronous_twin(url: str) -> None:
    async with AsyncCelmood(base_url=url) as client:
        lines = [{"image": PICTURE, "call": "faces"}] * 3
        batch = await client.send_batch(lines, idempotency_key="twin")
        assert (await client.send_batch(lines, idempotency_key="twin")).id == batch.id
        found = [result async for result in client.follow_batch(batch.id)]
        assert sorted(result.line for result in found) == [1, 2, 3]
        assert (await client.batch(batch.id)).ended
        with pytest.raises(celmood.UnknownBatchError):
            await client.cancel_batch("nobody")
        with pytest.raises(celmood.UnknownBatchError):
            async for _ in client.follow_batch("nobody"):
                pass


def test_what_cannot_be_sent(client: Celmood, tmp_path: Path) -> None:
    with pytest.raises(celmood.PictureError):
        client.send_batch([{"image": tmp_path / "none.png", "expression": "sad"}])
    with pytest.raises(celmood.InvalidLineError) as raised:
        client.send_batch([{"image": PICTURE, "colour": "blue"}])
    assert raised.value.extra["errors"][0]["line"] == 1
    with pytest.raises(celmood.WebhookRefusedError):
        client.send_batch([{"image": PICTURE, "call": "faces"}], webhook="https://here.example/")


def counts(succeeded: int, total: int = 3) -> dict[str, Any]:
    kinds = ("failed", "running", "waiting", "dropped")
    return {"total": total, "succeeded": succeeded, **dict.fromkeys(kinds, 0)}


def line(position: int) -> bytes:
    answer = {"width": 1, "height": 1, "faces": [], "timings": {}}
    result = {"position": position, "line": position, "id": None, "status": 200, "answer": answer}
    return json.dumps(result).encode() + b"\n"


class Breaking:
    """A gateway whose stream breaks off, is refused, or runs into a timeout, before it goes on."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.done = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        after = request.url.params.get("after")
        if after is None:
            status = "completed" if self.done == 3 else "running"
            body = {"id": "b", "status": status, "counts": counts(self.done), "expires": "x"}
            return httpx.Response(200, json=body)
        self.asked.append(int(after))
        match len(self.asked):
            case 1:
                self.done = 1
                return httpx.Response(200, content=line(1))
            case 2:
                raise httpx.ReadTimeout("nothing came")
            case 3:
                return httpx.Response(503, headers={"Retry-After": "1"})
            case 4:
                raise httpx.ReadError("broken")
        self.done = 3
        return httpx.Response(200, content=line(2) + line(3))


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_stream_that_breaks_is_taken_up_where_it_was(
    waits: list[float], asynchronous: bool
) -> None:
    gateway = Breaking()
    transport = httpx.MockTransport(gateway)

    def follow() -> list[BatchResult]:
        with (
            httpx.Client(transport=transport) as http,
            Celmood(base_url="http://gateway", http_client=http) as client,
        ):
            return list(client.follow_batch("b"))

    async def follow_asynchronously() -> list[BatchResult]:
        async with (
            httpx.AsyncClient(transport=transport) as http,
            AsyncCelmood(base_url="http://gateway", http_client=http) as client,
        ):
            return [result async for result in client.follow_batch("b")]

    found = asyncio.run(follow_asynchronously()) if asynchronous else follow()
    assert [result.position for result in found] == [1, 2, 3]
    assert gateway.asked == [0, 1, 1, 1, 1]
    assert any(seconds >= 1 for seconds in waits)


def test_a_gateway_that_stays_away_is_an_error(waits: list[float]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody")

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as http,
        Celmood(base_url="http://gateway", http_client=http) as client,
        pytest.raises(celmood.ConnectionFailedError),
    ):
        list(client.follow_batch("b"))


def test_the_same_key_is_sent_with_each_attempt(waits: list[float]) -> None:
    keys: list[str] = []
    bodies: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        bodies.append(request.read())
        if len(keys) < 3:
            return httpx.Response(503)
        body = {"id": "b", "status": "queued", "counts": counts(0), "expires": "x"}
        return httpx.Response(202, json=body)

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as http,
        Celmood(base_url="http://gateway", http_client=http) as client,
    ):
        client.send_batch([{"image": b"x", "call": "faces"}])
    assert len(set(keys)) == 1
    assert len(keys[0]) >= 16
    assert bodies == [b'{"image": "eA==", "call": "faces"}\n'] * 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / f"{name}.png").write_bytes(PICTURE)
    (tmp_path / "none.png").write_bytes(EMPTY)
    return tmp_path


def test_the_command_sends_waits_and_writes(
    url: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = [str(folder / name) for name in ("a.png", "b.png")]
    out = folder / "out"
    words = ["batch", *pictures, "-e", "sad", "-e", "happy", "--format", "webp", "-o", str(out)]
    assert main([*words, "--url", url]) == 0
    written = {Path(path) for path in capsys.readouterr().out.splitlines()}
    assert written == {out / f"{p}-{e}.webp" for p in "ab" for e in ("sad", "happy")}
    assert all(path.read_bytes()[8:12] == b"WEBP" for path in written)


def test_the_command_tells_what_was_not_done(
    url: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["batch", str(folder / "a.png"), str(folder / "none.png"), "-e", "sad"]
    assert main([*words, "-o", str(folder / "out"), "--url", url]) == 1
    told = capsys.readouterr()
    assert "none-sad: no face was found" in told.err
    assert "of 2 pictures 1 were not done" in told.err
    assert told.out == f"{folder / 'out' / 'a-sad.png'}\n"


def test_a_batch_can_be_left_and_taken_up(
    url: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", str(folder / "a.png"), "-e", "sad", "--no-wait", "--url", url]) == 0
    id = capsys.readouterr().out.strip()
    assert main(["batch", "--resume", id, "-o", str(folder / "out"), "--url", url]) == 0
    assert (folder / "out" / "a-sad.png").is_file()
    capsys.readouterr()
    assert main(["batch", "--status", id, "--url", url]) == 0
    assert f"{id}  completed  1 done" in capsys.readouterr().out
    assert main(["batch", "--cancel", id, "--url", url]) == 0
    assert main(["batch", "--status", "nobody", "--url", url]) == 1


def test_an_id_is_no_path(client: Celmood, url: str, folder: Path) -> None:
    line = {"image": PICTURE, "expression": "sad", "id": "../../evil"}
    batch = client.send_batch([line])
    out = folder / "deep" / "out"
    assert main(["batch", "--resume", batch.id, "-o", str(out), "--url", url]) == 0
    assert [path.name for path in out.iterdir()] == ["evil.png"]
    assert not (folder / "evil.png").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["batch"],
        ["batch", "a.png"],
        ["batch", "-e", "sad"],
        ["batch", "a.png", "-e", "sad", "--resume", "x"],
        ["batch", "--resume", "x", "--cancel", "x"],
        ["batch", "one/a.png", "two/a.png", "-e", "sad"],
        ["batch", "a.png", "a.webp", "-e", "sad"],
    ],
)
def test_calls_of_the_command_that_make_no_sense(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
