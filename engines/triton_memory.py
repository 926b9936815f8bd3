"""Tensors through memory that a Triton server on the same machine shares, in place of gRPC.

A region's name is removed as soon as both sides have mapped it, so whatever dies, nothing stays in
/dev/shm. What the server still holds for a client that died is unregistered by the next one.
"""

from __future__ import annotations

import mmap
import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from contract.card import Tensor
from engines.protocol import Array, EngineError, EngineUnavailableError
from engines.triton_host import ASK_TIMEOUT_S, ServedModel, TritonHost
from engines.triton_words import REGION_IN_USE, REGION_UNKNOWN, says

FOLDER: Final = Path("/dev/shm")
_PREFIX: Final = "celmood"
_ALIGNMENT: Final = 64
_GRAIN: Final = 1 << 20
_LAST_TRIES: Final = 40
_TRY_AGAIN_S: Final = 0.05


class RegionError(EngineUnavailableError):
    """A region cannot be had or is not known to the server; the tensors can travel instead."""


class SharedMemory:
    """Regions shared with the server of `host`, one per request under way, used again and again."""

    def __init__(self, host: TritonHost) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._free: list[_Region] = []
        self._gone: list[_Region] = []
        self._looked = False

    def infer(
        self, served: ServedModel, inputs: Mapping[str, Array], timeout: float | None
    ) -> dict[str, Array]:
        """All outputs for `inputs`, one batch. Raises EngineError; RegionError when only this way
        of carrying tensors failed, and the run can be tried without.
        """
        batch = len(next(iter(inputs.values())))
        shapes = {tensor.name: (batch, *tensor.shape[1:]) for tensor in served.card.outputs}
        if any(size < 0 for shape in shapes.values() for size in shape):
            raise RegionError(f"{served.card.name} has outputs whose size is not known before")
        places = _places(inputs, served.card.outputs, shapes)
        with self._borrowed(max(end for _, end in places.values())) as region:
            given = [region.put(name, array, places[name][0]) for name, array in inputs.items()]
            wanted = [region.place(name, *places[name]) for name in shapes]
            try:
                self._host.infer(served, given, wanted, timeout)
            except EngineError as error:
                if says(error, REGION_UNKNOWN):  # the server has been started anew
                    raise RegionError(str(error)) from error
                raise
            return {
                tensor.name: region.copy(tensor.dtype, shapes[tensor.name], places[tensor.name][0])
                for tensor in served.card.outputs
            }

    def sweep(self) -> None:
        """Unregister what is not used any more; a region that the server still uses stays listed.

        The first time also what clients of this machine left that died.
        """
        if not self._looked:
            self._looked = self._forget_the_dead()
        with self._lock:
            gone, self._gone = self._gone, []
        kept = [region for region in gone if not region.unregister()]
        with self._lock:
            self._gone += kept

    def close(self) -> None:
        """Unregister everything; tries for two seconds where the server still uses a region."""
        with self._lock:
            self._gone += self._free
            self._free = []
        for _ in range(_LAST_TRIES):
            self.sweep()
            if not self._gone:
                return
            time.sleep(_TRY_AGAIN_S)

    @contextmanager
    def _borrowed(self, size: int) -> Iterator[_Region]:
        """A region of at least `size` bytes. After an error it is not used again: the server may
        still write into it.
        """
        region = self._take(size)
        try:
            yield region
        except BaseException:
            with self._lock:
                self._gone.append(region)
            raise
        with self._lock:
            self._free.append(region)

    def _take(self, size: int) -> _Region:
        with self._lock:
            fit = next((r for r in self._free if r.size >= size), None)
            if fit is not None:
                self._free.remove(fit)
                return fit
            if self._free:  # too small a one gives way to the larger, so their number stays
                self._gone.append(self._free.pop())
        return _Region(self._host, -(-size // _GRAIN) * _GRAIN)

    def _forget_the_dead(self) -> bool:
        try:
            known = self._host.client.get_system_shared_memory_status(
                headers=self._host.headers, client_timeout=ASK_TIMEOUT_S
            )
            for name in known.regions:
                if _is_of_the_dead(name):
                    self._host.client.unregister_system_shared_memory(
                        name, headers=self._host.headers, client_timeout=ASK_TIMEOUT_S
                    )
        except (InferenceServerException, ValueError):
            return False
        return True


class _Region:
    """Memory that this process and the server have mapped; no file has its name any more."""

    def __init__(self, host: TritonHost, size: int) -> None:
        self.size = size
        self._host = host
        self._name = f"{_PREFIX}_{_namespace()}_{os.getpid()}_{uuid.uuid4().hex}"
        path = FOLDER / self._name
        try:
            file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            try:
                os.posix_fallocate(file, 0, size)  # full memory is an error here, a SIGBUS later
                self._memory = mmap.mmap(file, size)
                host.client.register_system_shared_memory(
                    self._name,
                    f"/{self._name}",
                    size,
                    headers=host.headers,
                    client_timeout=ASK_TIMEOUT_S,
                )
            finally:
                os.close(file)
                path.unlink()
        except (OSError, InferenceServerException) as error:
            raise RegionError(f"no memory can be shared with {host.address}: {error}") from error

    def put(self, name: str, array: Array, start: int) -> triton.InferInput:
        """Write an input to `start`."""
        here = np.frombuffer(self._memory, array.dtype, array.size, start)
        here[:] = array.reshape(-1)
        tensor = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
        tensor.set_shared_memory(self._name, array.nbytes, start)
        return tensor

    def place(self, name: str, start: int, end: int) -> triton.InferRequestedOutput:
        """Have an output written from `start` to `end`."""
        output = triton.InferRequestedOutput(name)
        output.set_shared_memory(self._name, end - start, start)
        return output

    def copy(self, dtype: str, shape: tuple[int, ...], start: int) -> Array:
        """The array of `shape` at `start`, outside of the region."""
        count = int(np.prod(shape))
        return np.frombuffer(self._memory, dtype, count, start).reshape(shape).copy()

    def unregister(self) -> bool:
        """Whether the server holds the region no longer."""
        try:
            self._host.client.unregister_system_shared_memory(
                self._name, headers=self._host.headers, client_timeout=ASK_TIMEOUT_S
            )
        except InferenceServerException as error:
            if says(error.message(), REGION_IN_USE):
                return False
            # A server that cannot be reached now is a server that was started anew later.
        except ValueError:  # the channel is closed
            pass
        with suppress(BufferError):  # an array still looks at it: it goes when that goes
            self._memory.close()
        return True


def _places(
    inputs: Mapping[str, Array],
    outputs: tuple[Tensor, ...],
    shapes: Mapping[str, tuple[int, ...]],
) -> dict[str, tuple[int, int]]:
    """First byte and end of every tensor, one after the other."""
    sizes = {name: array.nbytes for name, array in inputs.items()}
    for tensor in outputs:
        sizes[tensor.name] = int(np.prod(shapes[tensor.name])) * np.dtype(tensor.dtype).itemsize
    places: dict[str, tuple[int, int]] = {}
    start = 0
    for name, size in sizes.items():
        places[name] = (start, start + size)
        start += -(-size // _ALIGNMENT) * _ALIGNMENT
    return places


def _namespace() -> str:
    """Which processes' numbers these are: containers may use the same ones."""
    return os.readlink("/proc/self/ns/pid").strip("pid:[]")


def _is_of_the_dead(name: str) -> bool:
    prefix, _, rest = name.partition("_")
    namespace, _, rest = rest.partition("_")
    number = rest.partition("_")[0]
    if prefix != _PREFIX or namespace != _namespace() or not number.isdecimal():
        return False
    return not Path(f"/proc/{number}").exists()
