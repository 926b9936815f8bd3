"""How tensors and calls travel to a real Triton: shared memory, several servers, token, TLS."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import trustme

from contract.card import read_card
from engines.protocol import EngineUnavailableError
from engines.triton_engine import TritonEngine
from engines.triton_host import Access
from tests.integration.triton_calls import LONG_S, counted, engine_on, inputs, regions, wait_until
from tests.integration.triton_server import ROOT, TritonServer

pytestmark = [pytest.mark.integration, pytest.mark.slow]


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
