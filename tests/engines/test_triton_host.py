"""One Triton server, against a stub of its protocol: what it serves, how it is reached, cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
import trustme
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from contract.card import Card, Pixels, Tensor
from engines import triton_host
from engines.breaker import FAILURES
from engines.cancel import Cancellation, working_under
from engines.priority import background
from engines.protocol import EngineCancelledError, EngineTimeoutError
from engines.triton_engine import TritonEngine
from engines.triton_host import Access, TritonHost, tensor_of
from export.triton import config
from tests.engines.tiny_models import write_repository
from tests.engines.triton_stub import TritonStub

GPU = model_config_pb2.ModelInstanceGroup.KIND_GPU


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "models", editor_size=8, finder_size=64)


@pytest.fixture
def stub(repository: Path) -> Iterator[TritonStub]:
    with TritonStub(repository) as stub:
        yield stub


def inputs() -> dict[str, np.ndarray]:
    return {"image": np.zeros((1, 3, 8, 8), np.float32), "control": np.zeros((1, 62), np.float32)}


def asked(stub: TritonStub, access: Access | None = None) -> TritonHost:
    host = TritonHost(stub.address, access or Access())
    host.ask()
    return host


def write_config(model: Path, **changes: object) -> None:
    """A config.pbtxt for the model in that folder, with fields of the card in it changed."""
    card = Card.model_validate_json((model / "card.json").read_text())
    text = card.model_copy(update=changes).model_dump_json()
    (model / "config.pbtxt").write_text(config(card, text))


def test_what_is_served(stub: TritonStub) -> None:
    host = asked(stub)
    editor = host.served.models["expression"]
    assert (editor.max_batch, editor.batched, editor.priorities) == (8, True, 2)
    assert (editor.device, editor.wants_gpu) == ("cpu", False)
    stub.instances = GPU
    host.ask()
    assert host.served.models["expression"].device == "gpu"
    host.close()


def test_tensorrt_is_meant_for_a_gpu(repository: Path) -> None:
    card = Card.model_validate_json((repository / "finder" / "card.json").read_text())
    (repository / "finder" / "config.pbtxt").write_text(
        config(card, card.model_dump_json(), "tensorrt")
    )
    with TritonStub(repository) as stub:
        host = asked(stub)
        assert host.served.models["finder"].wants_gpu
        assert not host.served.models["expression"].wants_gpu
        host.close()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "other"}, "has the card of other"),
        ({"version": 2}, "describes version 2"),
        (
            {"inputs": (Tensor(name="image", shape=(-1, 3, 9, 9)),), "pixels": Pixels(size=9)},
            "other inputs",
        ),
        ({"outputs": (Tensor(name="paint", shape=(-1, 3, 8, 8)),)}, "other outputs"),
    ],
)
def test_a_wrong_card_is_a_problem(
    repository: Path, changes: dict[str, object], reason: str
) -> None:
    write_config(repository / "expression", **changes)
    with TritonStub(repository) as stub:
        host = asked(stub)
        assert list(host.served.models) == ["finder"]
        assert reason in host.served.problems["expression"]
        host.close()


def test_the_breaker_follows_the_server(repository: Path) -> None:
    with TritonStub(repository) as stub:
        host = asked(stub)
        assert host.reason is None
    assert [(host.ask(), host.breaker.open) for _ in range(3)] == [
        (False, False),
        (False, False),
        (False, True),
    ]
    assert "cannot be asked" in str(host.reason)
    assert "expression" in host.served.models  # what was known stays
    with TritonStub(repository, port=stub.port):
        while not host.ask():
            time.sleep(0.05)
        assert (host.reason, host.breaker.open) == (None, False)
    host.close()


def test_silence_opens_the_breaker_where_it_was_long(
    stub: TritonStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = asked(stub)
    stub.frozen = True

    def silent(timeout: float) -> bool:
        """Whether the breaker is open after as many silent runs as it bears."""
        given = [tensor_of(name, array) for name, array in inputs().items()]
        for _ in range(FAILURES):
            with pytest.raises(EngineTimeoutError):
                host.infer(host.served.models["expression"], given, [], timeout)
        return host.breaker.open

    assert not silent(0.1)  # its work may take longer than that
    monkeypatch.setattr(triton_host, "SUSPECT_S", 0.1)
    assert silent(0.1)
    host.close()


def test_a_run_is_given_up_when_its_caller_goes(stub: TritonStub) -> None:
    engine = TritonEngine(stub.address)
    engine.cards()
    stub.delay = 30.0
    cancellation = Cancellation()
    threading.Timer(0.2, cancellation.cancel).start()
    with working_under(cancellation), pytest.raises(EngineCancelledError):
        engine.run("expression", inputs(), timeout=60)
    assert stub.cancelled.wait(10)
    with working_under(cancellation), pytest.raises(EngineCancelledError, match="nobody waits"):
        engine.run("expression", inputs())
    assert len(stub.requests) == 1
    stub.delay = 0.0
    engine.close()


def test_background_work_has_a_lower_priority(stub: TritonStub) -> None:
    engine = TritonEngine(stub.address)
    engine.run("expression", inputs())
    with background():
        engine.run("expression", inputs())
    first, second = stub.requests
    assert "priority" not in first.parameters
    assert second.parameters["priority"].uint64_param == 2
    engine.close()


def test_without_dynamic_batching_the_queue_is_told_nothing(repository: Path) -> None:
    write_config(repository / "expression")
    path = repository / "expression" / "config.pbtxt"
    plain = text_format.Parse(path.read_text(), model_config_pb2.ModelConfig())
    plain.ClearField("dynamic_batching")
    path.write_text(text_format.MessageToString(plain))
    with TritonStub(repository) as stub:
        engine = TritonEngine(stub.address)
        with background():
            engine.run("expression", inputs(), timeout=20)
        assert dict(stub.requests[0].parameters) == {}
        engine.close()


@pytest.mark.parametrize(
    ("access", "header", "value"),
    [
        (Access(token="open"), "authorization", "Bearer open"),
        (
            Access(token="open", token_header="triton-grpc-protocol-celmood"),
            "triton-grpc-protocol-celmood",
            "open",
        ),
    ],
)
def test_the_token_goes_with_every_call(
    stub: TritonStub, access: Access, header: str, value: str
) -> None:
    engine = TritonEngine(stub.address, access=access)
    engine.run("expression", inputs())
    assert len(stub.headers) >= 4  # the index, two configurations, the run
    assert all(headers[header] == value for headers in stub.headers)
    engine.close()
    assert "open" not in repr(access)


def test_tls(repository: Path, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    key, chain = certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes()
    trusted = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(str(trusted))
    with TritonStub(repository, credentials=grpc.ssl_server_credentials([(key, chain)])) as stub:
        host = asked(stub, Access(tls=True, authorities=trusted))
        assert sorted(host.served.models) == ["expression", "finder"]
        host.close()
        stranger = tmp_path / "stranger.pem"
        trustme.CA().cert_pem.write_to_path(str(stranger))
        for access in (Access(), Access(tls=True, authorities=stranger)):
            host = asked(stub, access)
            assert host.served.models == {}
            host.close()
