"""Engine and gateway on a real Triton: what ships loads, batches, fails as defined, recovers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
import trustme
from httpx import Client, Response

from contract.card import Card, read_card
from engines.cancel import Cancellation, working_under
from engines.onnx_engine import OnnxEngine
from engines.priority import background
from engines.protocol import (
    EngineBusyError,
    EngineCancelledError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelMissingError,
)
from engines.triton_engine import TritonEngine
from engines.triton_host import Access
from export.repository import place
from serving.app import create_app
from serving.pipeline import Pipeline
from serving.settings import Settings
from tests.engines.tiny_models import tiny_editor
from tests.integration.triton_server import ROOT, TritonServer
from tests.live import running
from tests.pictures import encoded, scene

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SPRITE = (ROOT / "examples" / "sprite.png").read_bytes()
PICTURE = encoded(scene())
CALLERS = 64
LONG_S = 120.0


@contextmanager
def engine_on(server: TritonServer, **options: object) -> Iterator[TritonEngine]:
    engine = TritonEngine(server.address, **options)  # type: ignore[arg-type]
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def gateway_on(server: TritonServer, **settings: object) -> Iterator[Client]:
    engine = TritonEngine(server.address)
    with running(create_app(Settings.model_validate(settings), engine)) as client:
        client.timeout = LONG_S
        yield client


def wait_until(true: Callable[[], bool], why: str) -> None:
    until = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < until, f"in vain: {why}"
        time.sleep(0.1)


def counted(server: TritonServer, model: str, before: dict[str, int], least: int) -> dict[str, int]:
    """What the server has done since `before`, at least so many requests: it counts after it has
    answered.
    """

    def since() -> dict[str, int]:
        now = server.statistics(model)
        return {name: count - before[name] for name, count in now.items()}

    wait_until(lambda: since()["inferences"] + since()["hits"] >= least, "the server has counted")
    return since()


def edit(client: Client, image: bytes = PICTURE, **fields: str) -> Response:
    data = {"expression": "happy"} | fields
    return client.post("/v1/expressions", files={"image": ("x", image)}, data=data)


def problem(response: Response) -> str:
    return str(response.json()["type"]).removeprefix("urn:celmood:problem:")


def inputs(card: Card, seed: int = 0, batch: int = 1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        tensor.name: random.uniform(-1, 1, (batch, *tensor.shape[1:])).astype(np.float32)
        for tensor in card.inputs
    }


# What ships


def test_every_shipped_model_loads(shipped: TritonServer) -> None:
    names = sorted(path.parent.name for path in (ROOT / "model_repository").glob("*/card.json"))
    with engine_on(shipped) as engine:
        assert engine.problems() == {}
        assert sorted(engine.cards()) == names
        for name in names:
            assert engine.cards()[name] == read_card(ROOT / f"model_repository/{name}/card.json")
            assert engine.devices()[name] == "cpu"


def test_both_engines_give_the_same_bytes(shipped: TritonServer) -> None:
    here = OnnxEngine(ROOT / "model_repository", threads=1)
    with engine_on(shipped) as there:
        for expression in ("happy", "crying"):
            one, other = (Pipeline(e, Settings()).edit(SPRITE, expression) for e in (here, there))
            assert one.faces == other.faces
            assert one.data == other.data
            assert one.data != SPRITE
    here.close()


def test_many_callers_are_batched(shipped: TritonServer) -> None:
    with engine_on(shipped) as engine:
        card = next(c for c in engine.cards().values() if c.task == "edit_expression")
        feeds = [inputs(card, seed) for seed in range(CALLERS)]
        before = shipped.statistics(card.name)
        alone = engine.run(card.name, feeds[0], timeout=LONG_S)
        counted(shipped, card.name, before, 1)
        before = shipped.statistics(card.name)
        with ThreadPoolExecutor(CALLERS) as callers:
            answers = list(callers.map(lambda f: engine.run(card.name, f, timeout=LONG_S), feeds))
    done = counted(shipped, card.name, before, CALLERS)
    assert (done["inferences"], done["failures"]) == (CALLERS, 0)
    assert done["executions"] <= CALLERS // 2
    for name, array in alone.items():  # each caller has its own answer back
        np.testing.assert_allclose(answers[0][name], array, atol=1e-4)
        assert not np.allclose(answers[1][name], array, atol=1e-4)


def test_the_same_picture_is_looked_for_once(shipped: TritonServer) -> None:
    with engine_on(shipped) as engine:
        card = next(c for c in engine.cards().values() if c.task == "find_faces")
        before = shipped.statistics(card.name)
        first, second = (engine.run(card.name, inputs(card, 77), timeout=LONG_S) for _ in "ab")
    assert counted(shipped, card.name, before, 2)["hits"] == 1
    for name, array in first.items():
        np.testing.assert_array_equal(second[name], array)


def test_a_batch_beyond_the_largest_goes_in_parts(shipped: TritonServer) -> None:
    with engine_on(shipped) as engine:
        card = next(c for c in engine.cards().values() if c.task == "edit_expression")
        answer = engine.run(card.name, inputs(card, batch=9), timeout=LONG_S)
    assert {len(array) for array in answer.values()} == {9}


def test_a_cpu_is_not_taken_for_a_gpu(shipped: TritonServer) -> None:
    with engine_on(shipped, device="gpu") as engine:
        assert engine.problems().keys() == engine.cards().keys()
        assert all("runs on a CPU" in told for told in engine.problems().values())


def test_configurations_for_gpus_are_refused_without_one(tmp_path: Path) -> None:
    """Triton reads the variants too, and says at once that there is no GPU."""
    shutil.copytree(ROOT / "model_repository", tmp_path / "models")
    options = ("--model-config-name=tensorrt",)
    with (
        TritonServer(tmp_path / "models", tmp_path / "log", server_options=options) as server,
        engine_on(server) as engine,
    ):
        assert engine.cards() == {}
        assert all("no GPUs are available" in told for told in engine.problems().values())


def test_instances_on_gpus_run_on_the_cpu_here(repository: Path, tmp_path: Path) -> None:
    stated = repository / "finder" / "config.pbtxt"
    stated.write_text(stated.read_text().replace("KIND_AUTO", "KIND_GPU"))
    with TritonServer(repository, tmp_path / "log") as server, engine_on(server) as engine:
        assert engine.problems() == {}
        assert engine.devices() == {"expression": "cpu", "finder": "cpu"}
        assert "although they ask for GPUs: finder" in server.log()


# Models that come, go and are wrong


def test_models_are_unloaded_and_loaded(tiny: TritonServer) -> None:
    with engine_on(tiny) as engine, gateway_on(tiny) as client:
        assert edit(client).status_code == 200
        tiny.client.unload_model("expression")
        engine.ask()
        assert sorted(engine.cards()) == ["finder"]
        wait_until(lambda: client.get("/readyz").status_code == 503, "the gateway notices")
        answer = edit(client)
        assert (answer.status_code, problem(answer)) == (503, "model-unavailable")
        tiny.client.load_model("expression")
        wait_until(lambda: client.get("/readyz").status_code == 200, "the gateway notices again")
        assert edit(client).status_code == 200


def test_a_new_version_is_picked_up(tiny: TritonServer) -> None:
    _, weights = tiny_editor(64)
    old = read_card(tiny.repository / "expression" / "card.json")
    newer = old.model_copy(update={"version": 2, "description": "the second"})
    with engine_on(tiny) as engine:
        assert engine.cards()["expression"].version == 1
        place(tiny.repository, newer, weights)
        tiny.client.load_model("expression")
        before = by_version(tiny)
        engine.run("expression", inputs(old))  # not told yet: the version before still answers
        wait_until(lambda: by_version(tiny)["1"] == before["1"] + 1, "the first has counted it")
        engine.ask()
        assert engine.cards()["expression"] == newer
        engine.run("expression", inputs(newer))
        wait_until(lambda: by_version(tiny)["2"] == before["2"] + 1, "the second has counted it")
        assert engine.problems() == {}
        assert by_version(tiny)["1"] == before["1"] + 1


def by_version(server: TritonServer) -> dict[str, int]:
    """How many pictures each version of `expression` has computed."""
    stats = server.client.get_inference_statistics("expression").model_stats
    return {version.version: version.inference_count for version in stats}


def test_a_model_that_is_not_there(tiny: TritonServer) -> None:
    with engine_on(tiny) as engine, gateway_on(tiny) as client:
        with pytest.raises(ModelMissingError, match="expression, finder"):
            engine.run("portrait", {})
        answer = edit(client, model="portrait")
        assert (answer.status_code, problem(answer)) == (404, "unknown-model")


def test_wrong_cards_and_broken_models(repository: Path, tmp_path: Path) -> None:
    """Each is named with its reason, and the others go on."""
    _, weights = tiny_editor(64)
    for name in ("another", "damaged", "renamed", "future"):
        shutil.copytree(repository / "expression", repository / name)
        stated = repository / name / "config.pbtxt"
        stated.write_text(stated.read_text().replace('name: "expression"', f'name: "{name}"', 1))
    # Weights that are not those of the card.
    (repository / "another" / "1" / "model.onnx").write_bytes(weights + b"\0")
    # No ONNX model at all, and a card that knows it.
    (repository / "damaged" / "1" / "model.onnx").write_bytes(b"")
    # A card of a later release.
    assert 'card_version\\": 1,' in stated.read_text()
    future = repository / "future" / "config.pbtxt"
    future.write_text(future.read_text().replace('card_version\\": 1,', 'card_version\\": 99,'))
    with TritonServer(repository, tmp_path / "log") as server, engine_on(server) as engine:
        told = engine.problems()
        assert sorted(engine.cards()) == ["expression", "finder"]
        assert sorted(told) == ["another", "damaged", "future", "renamed"]
        assert "sha256" in told["another"]
        assert "could not load" in told["damaged"]
        assert "has the card of expression" in told["renamed"]
        assert "card version 99" in told["future"]
        with gateway_on(server) as client:
            assert client.get("/readyz").status_code == 503
            assert edit(client).status_code == 200


# Servers that go away, are slow, are full


def test_the_gateway_outlives_its_server(tiny: TritonServer) -> None:
    engine = TritonEngine(tiny.address)
    (host,) = engine._hosts
    with running(create_app(Settings(), engine)) as client:
        assert edit(client).status_code == 200
        for _ in range(2):
            tiny.kill()
            answer = edit(client)
            assert (answer.status_code, problem(answer)) == (503, "engine-unavailable")
            assert int(answer.headers["Retry-After"]) > 0
            wait_until(lambda: host.breaker.open, "the breaker opens")
            answer = edit(client)
            assert (answer.status_code, problem(answer)) == (503, "engine-unavailable")
            assert client.get("/readyz").status_code == 503
            assert client.get("/healthz").status_code == 200
            tiny.start()
            wait_until(lambda: client.get("/readyz").status_code == 200, "the gateway recovers")
            assert not host.breaker.open
            assert edit(client).status_code == 200


def test_a_server_that_is_stopped_ends_well(tiny: TritonServer) -> None:
    assert tiny.stop() == 0
    assert regions(f"triton_{tiny.port}_*") == []


def test_what_a_killed_server_left_is_removed(tiny: TritonServer) -> None:
    tiny.kill()
    left = set(regions(f"triton_{tiny.port}_*"))
    tiny.start()
    assert left
    assert not left & set(regions(f"triton_{tiny.port}_*"))


def test_a_frozen_server_meets_the_deadline(tiny: TritonServer) -> None:
    with gateway_on(tiny, timeout=1.0) as client:
        wait_until(lambda: edit(client).status_code == 200, "a first answer in time")
        tiny.freeze()
        answer = edit(client)
        assert (answer.status_code, problem(answer)) == (504, "timeout")
        tiny.thaw()
        wait_until(lambda: edit(client).status_code == 200, "it goes on")


def test_a_slow_model_meets_the_deadline(slow: TritonServer) -> None:
    with gateway_on(slow, timeout=0.4) as client:
        assert edit(client, model="slow").status_code == 504
        with engine_on(slow) as engine, pytest.raises(EngineTimeoutError):
            engine.run("slow", inputs(engine.cards()["slow"]), timeout=0.2)
    with engine_on(slow) as engine:  # leaves the server with nothing to do
        engine.run("slow", inputs(engine.cards()["slow"]), LONG_S)


def test_a_full_queue_is_refused_as_defined(slow: TritonServer) -> None:
    with engine_on(slow) as engine, gateway_on(slow) as client:
        feed = inputs(engine.cards()["slow"])
        refused = threading.Event()

        def call(_: int) -> int:
            """Keep the queue full until the gateway has been refused; how often this one was."""
            times = 0
            while not refused.is_set():
                try:
                    engine.run("slow", feed, timeout=LONG_S)
                except EngineBusyError:
                    times += 1
                    time.sleep(0.01)
            return times

        with ThreadPoolExecutor(8) as callers:
            calls = [callers.submit(call, i) for i in range(8)]
            answer = edit(client, model="slow")
            while answer.status_code not in (503, 504):
                answer = edit(client, model="slow")
            refused.set()
            assert (answer.status_code, problem(answer)) == (503, "busy")
            assert int(answer.headers["Retry-After"]) > 0
            assert sum(done.result() for done in calls) > 0


def test_people_go_before_the_background(slow: TritonServer) -> None:
    ended: list[str] = []
    with engine_on(slow) as engine, ThreadPoolExecutor(4) as callers:
        feed = inputs(engine.cards()["slow"])

        def call(who: str) -> None:
            with background() if who == "background" else nullcontext():
                engine.run("slow", feed, LONG_S)
            ended.append(who)

        calls = [callers.submit(call, "background") for _ in range(3)]
        wait_until(lambda: slow.waiting("slow") == 2, "one runs and two wait")
        calls.append(callers.submit(call, "somebody"))
        for done in calls:
            done.result()
    assert ended[-1] == "background"  # in turn, somebody would have been the last


def test_what_nobody_waits_for_is_not_computed(slow: TritonServer) -> None:
    with engine_on(slow) as engine, ThreadPoolExecutor(2) as callers:
        feed = inputs(engine.cards()["slow"])
        cancellation = Cancellation()
        before = slow.statistics("slow")

        def leave() -> None:
            with working_under(cancellation), pytest.raises(EngineCancelledError):
                engine.run("slow", feed, LONG_S)

        first = callers.submit(engine.run, "slow", feed, LONG_S)
        second = callers.submit(leave)
        wait_until(lambda: slow.waiting("slow") == 1, "one waits for the other")
        cancellation.cancel()
        second.result()
        first.result()
        wait_until(lambda: slow.waiting("slow") == 0, "none waits")
        engine.run("slow", feed, LONG_S)  # behind whatever was left
    assert counted(slow, "slow", before, 2)["inferences"] == 2


# How tensors and calls travel


def test_memory_is_shared_and_given_back(tiny: TritonServer) -> None:
    card = read_card(tiny.repository / "expression" / "card.json")
    feeds = [inputs(card, seed, batch=1 + seed % 3) for seed in range(24)]
    with engine_on(tiny) as plain:
        expected = [plain.run("expression", feed) for feed in feeds]
    with engine_on(tiny, shared_memory=True) as engine, ThreadPoolExecutor(4) as callers:
        answers = list(callers.map(lambda f: engine.run("expression", f, LONG_S), feeds))
        assert len(tiny.client.get_system_shared_memory_status().regions) >= 1
        assert regions(f"*_{os.getpid()}_*") == []  # no name is left while they are in use
        for one, other in zip(answers, expected, strict=True):
            for name in other:
                np.testing.assert_array_equal(one[name], other[name])
        tiny.kill()
        tiny.start()
        wait_until(lambda: not engine.problems(), "the engine finds the server again")
        engine.run(
            "expression", feeds[0], LONG_S
        )  # the new server knows no region: it does without
    assert dict(tiny.client.get_system_shared_memory_status().regions) == {}
    assert regions(f"*_{os.getpid()}_*") == []


def test_memory_of_a_client_that_died_is_given_back(tiny: TritonServer) -> None:
    died = subprocess.run(
        [sys.executable, "-c", DYING, tiny.address], cwd=ROOT, timeout=LONG_S, check=False
    )
    assert died.returncode == 9
    assert len(tiny.client.get_system_shared_memory_status().regions) == 1
    assert regions("[0-9]*") == []  # the servers' own have another name
    with engine_on(tiny, shared_memory=True) as engine:
        engine.cards()
        wait_until(
            lambda: not tiny.client.get_system_shared_memory_status().regions, "it is forgotten"
        )


DYING = """
import os, sys
import numpy as np
from engines.triton_engine import TritonEngine
engine = TritonEngine(sys.argv[1], shared_memory=True)
card = engine.cards()["expression"]
engine.run("expression", {
    t.name: np.zeros((1, *t.shape[1:]), np.float32) for t in card.inputs
}, 60)
os._exit(9)
"""


def regions(pattern: str) -> list[Path]:
    return list(Path("/dev/shm").glob(f"celmood_{pattern}"))


def test_several_servers_share_the_work(repository: Path, tmp_path: Path) -> None:
    with (
        TritonServer(repository, tmp_path / "one") as one,
        TritonServer(repository, tmp_path / "two") as two,
    ):
        engine = TritonEngine(f"{one.address},{two.address}")
        feed = inputs(engine.cards()["expression"])
        before = [server.statistics("expression") for server in (one, two)]
        for _ in range(10):
            engine.run("expression", feed, LONG_S)
        for server, old in ((one, before[0]), (two, before[1])):
            assert counted(server, "expression", old, 5)["inferences"] == 5
        two.kill()
        for _ in range(5):  # nobody notices
            engine.run("expression", feed, LONG_S)
        assert counted(one, "expression", before[0], 10)["inferences"] == 10
        one.kill()
        with pytest.raises(EngineUnavailableError):
            engine.run("expression", feed, LONG_S)
        engine.close()


def test_a_token_opens_what_the_server_restricts(repository: Path, tmp_path: Path) -> None:
    options = ("--grpc-restricted-protocol=inference,model-config,model-repository:celmood=open",)
    with TritonServer(repository, tmp_path / "log", server_options=options) as server:
        header = "triton-grpc-protocol-celmood"
        with engine_on(server, access=Access(token="open", token_header=header)) as engine:
            engine.run("expression", inputs(engine.cards()["expression"]), LONG_S)
        with engine_on(server) as stranger:
            assert stranger.cards() == {}
            assert server.address in stranger.problems()


def test_tls(repository: Path, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    key, chain, trusted = (tmp_path / name for name in ("key", "chain", "trusted"))
    certificate.private_key_pem.write_to_path(str(key))
    certificate.cert_chain_pems[0].write_to_path(str(chain))
    authority.cert_pem.write_to_path(str(trusted))
    options = (
        "--grpc-use-ssl=true",
        f"--grpc-server-key={key}",
        f"--grpc-server-cert={chain}",
    )
    server = TritonServer(repository, tmp_path / "log", server_options=options)
    server.launch()
    engine = TritonEngine(server.address, access=Access(tls=True, authorities=trusted))
    try:
        wait_until(lambda: not engine.problems(), "the server answers over TLS")
        engine.run("expression", inputs(engine.cards()["expression"]), LONG_S)
        with engine_on(server) as plain:
            assert plain.cards() == {}
    finally:
        engine.close()
        server.kill()
