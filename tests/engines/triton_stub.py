"""A gRPC server that speaks Triton's protocol over a model repository, for tests.

It answers what our engine asks and computes with onnxruntime. It is not Triton: no batching, no
queues, no versions but the card's.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2, service_pb2, service_pb2_grpc
from tritonclient.utils import np_to_triton_dtype, triton_to_np_dtype

from contract.card import parse_card
from engines.onnx_engine import OnnxEngine
from engines.protocol import ModelInputError
from export.triton import config as exported


class TritonStub(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Serves `repository` at `address` inside a `with` block.

    `fail_with` makes each inference fail with that status and message, `delay` makes it wait that
    many seconds, `frozen` keeps all callers waiting until the end, `reload()` reads the repository
    again, `requests` keeps what was asked, and `headers` what came along; `instances` is the kind
    that models are said to run on.
    """

    def __init__(
        self,
        repository: Path,
        port: int = 0,
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        self.repository = repository
        self.fail_with: tuple[grpc.StatusCode, str] | None = None
        self.delay = 0.0
        self.frozen = False
        self.instances = model_config_pb2.ModelInstanceGroup.KIND_CPU
        self.cancelled = threading.Event()
        self.stopped = threading.Event()
        self.requests: list[service_pb2.ModelInferRequest] = []
        self.headers: list[dict[str, str]] = []
        self.engine = OnnxEngine(repository, threads=1)
        unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self.server = grpc.server(ThreadPoolExecutor(4), options=unlimited)
        service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(self, self.server)
        place = f"127.0.0.1:{port}"
        self.port = (
            self.server.add_secure_port(place, credentials)
            if credentials
            else self.server.add_insecure_port(place)
        )
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self) -> TritonStub:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.server.stop(grace=None).wait()
        self.engine.close()

    def reload(self) -> None:
        self.engine = OnnxEngine(self.repository, threads=1)

    def ServerLive(self, request, context):
        return service_pb2.ServerLiveResponse(live=True)

    def ServerReady(self, request, context):
        return service_pb2.ServerReadyResponse(ready=not self.engine.problems())

    def ModelReady(self, request, context):
        return service_pb2.ModelReadyResponse(ready=request.name in self.engine.cards())

    def RepositoryIndex(self, request, context):
        self.headers.append(dict(context.invocation_metadata()))
        self.stopped.wait(None if self.frozen else 0.0)
        answer = service_pb2.RepositoryIndexResponse()
        for name, card in self.engine.cards().items():
            answer.models.add(name=name, version=str(card.version), state="READY")
        for name, reason in self.engine.problems().items():
            answer.models.add(name=name, version="1", state="UNAVAILABLE", reason=reason)
        return answer

    def ModelConfig(self, request, context):
        self.headers.append(dict(context.invocation_metadata()))
        if request.name not in self.engine.cards():
            context.abort(grpc.StatusCode.NOT_FOUND, f"unknown model: {request.name}")
        config = model_config_pb2.ModelConfig()
        written = self.repository / request.name / "config.pbtxt"
        if written.is_file():
            text_format.Parse(written.read_text(encoding="utf-8"), config)
        else:
            text = (self.repository / request.name / "card.json").read_text(encoding="utf-8")
            text_format.Parse(exported(parse_card(text), text), config)
        for group in config.instance_group:  # a real server states what it made of KIND_AUTO
            group.kind = self.instances
        config.name = request.name
        return service_pb2.ModelConfigResponse(config=config)

    def ModelInfer(self, request, context):
        self.requests.append(request)
        self.headers.append(dict(context.invocation_metadata()))
        context.add_callback(lambda: None if context.is_active() else self.cancelled.set())
        self.stopped.wait(None if self.frozen else self.delay)
        if self.fail_with is not None:
            context.abort(*self.fail_with)
        if request.model_name not in self.engine.cards():
            context.abort(grpc.StatusCode.NOT_FOUND, f"unknown model: {request.model_name}")
        inputs = {
            tensor.name: np.frombuffer(raw, triton_to_np_dtype(tensor.datatype)).reshape(
                tuple(tensor.shape)
            )
            for tensor, raw in zip(request.inputs, request.raw_input_contents, strict=True)
        }
        try:
            outputs = self.engine.run(request.model_name, inputs)
        except ModelInputError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        answer = service_pb2.ModelInferResponse(
            model_name=request.model_name, model_version=request.model_version, id=request.id
        )
        for wanted in request.outputs:
            array = outputs[wanted.name]
            answer.outputs.add(
                name=wanted.name, datatype=np_to_triton_dtype(array.dtype), shape=array.shape
            )
            answer.raw_output_contents.append(array.tobytes())
        return answer
