"""Triton's backend `onnxruntime`, in Python: for a server that came without the compiled one.

It opens `model.onnx` of the model's version with onnxruntime on the CPU, runs all requests that the
server has batched at once, and leaves out those whose caller has gone. It imports nothing of
celmood: the server's interpreter has only onnxruntime and numpy.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb

THREADS = "CELMOOD_TRITON_THREADS"
"""Threads of each session, where the model's config says nothing; else onnxruntime's own choice."""


class TritonPythonModel:
    """One instance of one version of a model."""

    @staticmethod
    def auto_complete_config(config: Any) -> Any:
        """Nothing to add: the exporter writes complete configurations."""
        return config

    def initialize(self, args: dict[str, str]) -> None:
        """Open the weights. What is raised here is the reason in the server's model index."""
        config = json.loads(args["model_config"])
        if args["model_instance_kind"] != "CPU":
            raise pb.TritonModelException(
                "this backend runs on the CPU only; take the Triton image for GPUs"
            )
        weights = (Path(pb.get_model_dir()) / "model.onnx").read_bytes()
        _check_weights(config, args["model_version"], weights)
        self._session = ort.InferenceSession(
            weights, _options(config), providers=["CPUExecutionProvider"]
        )
        self._inputs = [tensor.name for tensor in self._session.get_inputs()]
        _check_names(config, "input", self._inputs)
        _check_names(config, "output", [tensor.name for tensor in self._session.get_outputs()])

    def execute(self, requests: list[Any]) -> list[Any]:
        """One answer per request; all live ones of a batch in one run."""
        answers: list[Any] = [None] * len(requests)
        live: list[int] = []
        for i, request in enumerate(requests):
            if request.is_cancelled():
                answers[i] = _failed("the caller has gone", pb.TritonError.CANCELLED)
            else:
                live.append(i)
        if not live:
            return answers
        try:
            outputs, ends = self._run([requests[i] for i in live])
        except Exception as error:
            for i in live:
                answers[i] = _failed(f"onnxruntime: {error}", pb.TritonError.INTERNAL)
            return answers
        start = 0
        for i, end in zip(live, ends, strict=True):
            wanted = requests[i].requested_output_names()
            tensors = [pb.Tensor(name, outputs[name][start:end]) for name in wanted]
            answers[i] = pb.InferenceResponse(output_tensors=tensors)
            start = end
        return answers

    def finalize(self) -> None:
        """Let go of the session."""
        del self._session

    def _run(self, requests: list[Any]) -> tuple[dict[str, Any], list[int]]:
        """The outputs by name for all requests one after the other, and where each one's end."""
        parts = {
            name: [pb.get_input_tensor_by_name(r, name).as_numpy() for r in requests]
            for name in self._inputs
        }
        ends = np.cumsum([len(part) for part in parts[self._inputs[0]]]).tolist()
        names = list({name: None for r in requests for name in r.requested_output_names()})
        feed = {n: p[0] if len(p) == 1 else np.concatenate(p) for n, p in parts.items()}
        return dict(zip(names, self._session.run(names, feed), strict=True)), ends


def _options(config: dict[str, Any]) -> ort.SessionOptions:
    options = ort.SessionOptions()
    stated = config.get("parameters", {}).get("intra_op_thread_count", {}).get("string_value")
    options.intra_op_num_threads = int(stated or os.environ.get(THREADS, "0"))
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Several models share the cores: threads must not spin while they wait.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _check_weights(config: dict[str, Any], version: str, weights: bytes) -> None:
    """The card in the configuration describes these weights, as far as it is about this version."""
    text = config.get("parameters", {}).get("card", {}).get("string_value")
    card = json.loads(text) if text else {}
    if str(card.get("version")) != version:
        return
    digest = hashlib.sha256(weights).hexdigest()
    if digest != card["weights_sha256"]:
        raise pb.TritonModelException(
            f"the weights have sha256 {digest[:12]}, the card says {card['weights_sha256'][:12]}; "
            "export the model again or restore the file"
        )


def _check_names(config: dict[str, Any], side: str, names: list[str]) -> None:
    stated = [tensor["name"] for tensor in config[side]]
    if sorted(stated) != sorted(names):
        raise pb.TritonModelException(
            f"config.pbtxt names the {side}s {', '.join(stated)}, model.onnx {', '.join(names)}"
        )


def _failed(message: str, code: int) -> Any:
    return pb.InferenceResponse(output_tensors=[], error=pb.TritonError(message, code))
