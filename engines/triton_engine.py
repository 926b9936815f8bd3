"""The engine on Triton: several servers in turn, each with a channel and a circuit breaker.

The servers may start after us, go away and come back, and load other models meanwhile: a thread
for each asks from time to time what it serves, so no request waits for that, and no server for
another. Starting them is left to the operator.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import numpy as np
import tritonclient.grpc as triton

from contract.card import Card
from engines.cancel import current
from engines.protocol import (
    Array,
    Device,
    EngineBusyError,
    EngineCancelledError,
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelMissingError,
    Wanted,
)
from engines.tensors import check_inputs
from engines.triton_host import (
    ASK_TIMEOUT_S,
    Access,
    Served,
    ServedModel,
    TritonHost,
    tensor_of,
)
from engines.triton_memory import RegionError, SharedMemory

REFRESH_S: Final = 10.0
RETRY_S: Final = 1.0


class TritonEngine:
    """Runs the models of the Triton servers at `addresses` (host:port,host:port); an Engine.

    Only models with a card are seen, in the highest version that any server has ready; requests go
    in turn to the servers that have it. Callers of a server that cannot be reached are sent to the
    others, or told so at once, until it answers again; it is a notice under its address, a problem
    where no other stands in. As long as there are others, a server has half of a caller's time.

    With `device` "gpu", and for a model that is configured for one, running on a CPU is a problem
    too.

    `refresh` is how often servers are asked what they serve, seconds; those that are away are asked
    every second. With `shared_memory` tensors do not travel: for servers on this machine.
    """

    def __init__(
        self,
        addresses: str,
        *,
        access: Access | None = None,
        device: Literal["any", "gpu"] = "any",
        shared_memory: bool = False,
        refresh: float = REFRESH_S,
    ) -> None:
        places = [place for part in addresses.split(",") if (place := part.strip())]
        if not places:
            raise ValueError("no Triton is named: give host:port, or several with commas")
        self._hosts = [TritonHost(place, access or Access()) for place in dict.fromkeys(places)]
        self._memory = {h.address: SharedMemory(h) for h in self._hosts} if shared_memory else {}
        self._wanted = device
        self._refresh = refresh
        self._turn = itertools.count()
        self._closed = threading.Event()
        self._wake = {host.address: threading.Event() for host in self._hosts}
        self._watchers = [
            threading.Thread(target=self._watch, args=[host], name="celmood-triton", daemon=True)
            for host in self._hosts
        ]
        for watcher in self._watchers:
            watcher.start()

    def cards(self) -> Mapping[str, Card]:
        """The models that can be run, by name."""
        return {name: model.card for name, model in self._models().items()}

    def problems(self) -> Mapping[str, str]:
        """What keeps models from being run as they should, each with the reason: servers that
        cannot be asked and that no other stands in for, models that no server could load, and
        models that run on a CPU and should not.
        """
        problems = {
            name: reason
            for name, reason in self._reasons().items()
            if not self._others_stand_in(name)
        }
        running = self._models()
        for host, served in self._told():
            problems |= {n: told for n, told in served.problems.items() if n not in running}
            for name, model in served.models.items():
                if model.device == "cpu" and self._wants_gpu(model):
                    problems[name] = (
                        f"{name} is meant for a GPU and runs on a CPU of {host.address}; look at "
                        "the server's log for a driver or a device that is missing"
                    )
        return problems

    def notices(self) -> Mapping[str, str]:
        """What an operator should know although all models can be run: servers that are away, and
        models that only some of the servers have.
        """
        problems = self.problems()
        notices = {n: reason for n, reason in self._reasons().items() if n not in problems}
        for host, served in self._told():
            for name, told in served.problems.items():
                if name not in problems:
                    notices[f"{name} on {host.address}"] = told
        return notices

    def devices(self) -> Mapping[str, Device]:
        """What each model runs on; "cpu" when it does so on any of the servers."""
        devices: dict[str, Device] = {}
        for _, served in self._told():
            for name, model in served.models.items():
                devices[name] = "cpu" if "cpu" in (model.device, devices.get(name)) else "gpu"
        return devices

    def wanted_devices(self) -> Mapping[str, Wanted]:
        """What each model is meant for; "gpu" when it is so on any of the servers."""
        wanted: dict[str, Wanted] = {}
        for _, served in self._told():
            for name, model in served.models.items():
                gpu = self._wants_gpu(model) or wanted.get(name) == "gpu"
                wanted[name] = "gpu" if gpu else "any"
        return wanted

    def run(
        self, model: str, inputs: Mapping[str, Array], timeout: float | None = None
    ) -> dict[str, Array]:
        """All outputs of `model`, as Engine.run says. The server is told the timeout too.

        A batch larger than the server takes goes in parts. Ends early when the current
        Cancellation is cancelled.
        """
        if self._closed.is_set():
            raise EngineUnavailableError("the engine is closed")
        deadline = None if timeout is None else time.monotonic() + timeout
        served = self._chosen(model)
        check_inputs(served.card, inputs)
        parts = [
            self._run(served, part, model, deadline) for part in _parts(inputs, served.max_batch)
        ]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def ask(self) -> None:
        """Ask all servers now what they serve, one by one, as their watchers do side by side."""
        for host in self._hosts:
            host.ask()

    def close(self) -> None:
        """Close the channels and let go of shared memory."""
        self._closed.set()
        for wake in self._wake.values():
            wake.set()
        until = time.monotonic() + ASK_TIMEOUT_S
        for watcher in self._watchers:
            watcher.join(max(0.0, until - time.monotonic()))
        for memory in self._memory.values():
            memory.close()
        for host in self._hosts:
            host.close()

    def _run(
        self, served: ServedModel, inputs: Mapping[str, Array], model: str, deadline: float | None
    ) -> dict[str, Array]:
        """One batch, on the next server; on another where that is away, late, busy or changed."""
        card = served.card
        error: EngineError | None = None
        candidates = list(self._candidates(card))
        for host, own in candidates:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise EngineTimeoutError(f"no time is left to run {model}") from error
            if (cancellation := current()) is not None and cancellation.cancelled:
                raise EngineCancelledError(f"nobody waits for {model} any more")
            last = host is candidates[-1][0]
            try:
                return self._infer(host, own, inputs, left if last or left is None else left / 2)
            except EngineBusyError as busy:
                error = busy
            except EngineUnavailableError as away:
                if self._closed.is_set():
                    raise EngineUnavailableError("the engine is closed") from away
                error = away
                self._wake[host.address].set()
            except (EngineTimeoutError, ModelMissingError) as other:
                error = other  # frozen or slow; unloaded, or in another version by now
                self._wake[host.address].set()
        if error is not None:
            raise error
        reasons = self._reasons().values()
        raise EngineUnavailableError("; ".join(reasons) or f"no server has {model} now")

    def _infer(
        self,
        host: TritonHost,
        served: ServedModel,
        inputs: Mapping[str, Array],
        timeout: float | None,
    ) -> dict[str, Array]:
        if (memory := self._memory.get(host.address)) is not None:
            try:
                return memory.infer(served, inputs, timeout)
            except RegionError:
                self._wake[host.address].set()
        names = [tensor.name for tensor in served.card.outputs]
        given = [tensor_of(name, array) for name, array in inputs.items()]
        wanted = [triton.InferRequestedOutput(name) for name in names]
        told = f"{served.card.name} on {host.address}"
        try:
            answer = host.infer(served, given, wanted, timeout)
            outputs = {name: answer.as_numpy(name) for name in names}
        except ValueError as error:  # a channel closed meanwhile, or bytes that fill no tensor
            if self._closed.is_set():
                raise EngineUnavailableError("the engine is closed") from error
            raise EngineError(f"{told} gave a wrong answer: {error}") from error
        lost = [name for name, array in outputs.items() if array is None]
        if lost:
            raise EngineError(f"{told} answered without {', '.join(lost)}")
        return outputs

    def _wants_gpu(self, model: ServedModel) -> bool:
        return model.wants_gpu or self._wanted == "gpu"

    def _chosen(self, model: str) -> ServedModel:
        """The model as it is to be run. Raises EngineUnavailableError or ModelMissingError."""
        models = self._models()
        if model in models:
            return models[model]
        if reasons := self._reasons():
            raise EngineUnavailableError("; ".join(reasons.values()))
        raise ModelMissingError(model, self.cards(), self.problems())

    def _candidates(self, card: Card) -> Iterator[tuple[TritonHost, ServedModel]]:
        """The servers that have this very model and are not kept away from, in turn."""
        first = next(self._turn)
        for i in range(len(self._hosts)):
            host = self._hosts[(first + i) % len(self._hosts)]
            own = host.served.models.get(card.name)
            if own is not None and own.card == card and not host.breaker.open:
                yield host, own

    def _models(self) -> dict[str, ServedModel]:
        """Every model in its highest version on the servers that are up, else on any."""
        models: dict[str, ServedModel] = {}
        for host, served in sorted(self._told(), key=lambda told: told[0].breaker.open):
            for name, model in served.models.items():
                known = models.get(name)
                if known is None or (
                    not host.breaker.open and model.card.version > known.card.version
                ):
                    models[name] = model
        return models

    def _told(self) -> Sequence[tuple[TritonHost, Served]]:
        """What each server serves; waits for the first answers after the start."""
        until = time.monotonic() + ASK_TIMEOUT_S
        for host in self._hosts:
            host.asked.wait(max(0.0, until - time.monotonic()))
        return [(host, host.served) for host in self._hosts]

    def _reasons(self) -> dict[str, str]:
        """Why servers cannot be asked, by address."""
        told = [host for host, _ in self._told()]
        return {host.address: host.reason for host in told if host.reason is not None}

    def _others_stand_in(self, address: str) -> bool:
        """Whether servers that are up have all that the one at `address` had."""
        up = [served for host, served in self._told() if host.reason is None]
        here = {name for served in up for name in served.models}
        had = next(host for host in self._hosts if host.address == address).served.models
        return bool(up) and had.keys() <= here

    def _watch(self, host: TritonHost) -> None:
        wake = self._wake[host.address]
        while not self._closed.is_set():
            host.ask()
            if (memory := self._memory.get(host.address)) is not None:
                memory.sweep()
            wake.wait(self._refresh if host.reason is None else min(RETRY_S, self._refresh))
            wake.clear()


def _parts(inputs: Mapping[str, Array], most: int) -> Iterator[dict[str, Array]]:
    """`inputs` in batches of at most `most`; whole where the server does not batch (0)."""
    batch = len(next(iter(inputs.values())))
    step = most or batch or 1
    for start in range(0, max(batch, 1), step):
        yield {name: array[start : start + step] for name, array in inputs.items()}
