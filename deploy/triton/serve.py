"""`python -m deploy.triton.serve`: a real Triton on a model repository, without container or GPU.

The server is the one inside the package `nvidia-pytriton`, in an environment of its own (`make
triton`). It comes with the Python backend only: ours stands in for the compiled `onnxruntime`. The
process becomes the server, so signals reach it; SIGTERM lets it finish what it accepted.
"""

from __future__ import annotations

import argparse
import ctypes
import filecmp
import os
import re
import shutil
import socket
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from deploy.triton import traces
from engines.cores import usable_cores

OURS: Final = Path(__file__).parent / "onnxruntime"
SHARED_MEMORY: Final = Path("/dev/shm")
REGION_BYTES: Final = 16 * 2**20
"""First size of the memory that server and backend share, per instance; it grows by itself."""


_WORDS: Final = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\#[^\n]*|\bKIND_GPU\b""")
"""Strings, remarks, and the kind: as a bare word only instance groups have it."""


class LaunchError(RuntimeError):
    """The server cannot be started; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Become tritonserver. Returns only when that cannot be."""
    given, more = _parser().parse_known_args(arguments)
    more = [argument for argument in more if argument != "--"]
    try:
        installed = packages()
        _check_port(given.host, given.grpc_port)
        _forget_regions(given.grpc_port)
        ours = Path(sys.prefix) / "share" / "celmood"
        backends = assemble(installed, ours / "backends")
        repository = on_cpu(given.model_repository.resolve(), ours / f"models-{given.grpc_port}")
        server = installed / "pytriton/tritonserver/bin/tritonserver"
        command = [str(server), *options(given, repository, backends, installed), *more]
        around = environment(os.environ, installed, given.threads)
        os.execve(server, command, traces.zeroed(around) if traces.wanted(more) else around)
    except (LaunchError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def packages() -> Path:
    """The folder of installed packages that has the server. Raises LaunchError."""
    folder = Path(sysconfig.get_path("platlib"))
    if not (folder / "pytriton/tritonserver/bin/tritonserver").exists():
        raise LaunchError(
            f"{sys.executable} has no nvidia-pytriton; start the server with `make triton`"
        )
    library = f"libpython{sys.version_info.major}.{sys.version_info.minor}.so.1.0"
    here = Path(sysconfig.get_config_var("LIBDIR") or "/") / library
    try:
        ctypes.CDLL(str(here) if here.exists() else library)
    except OSError as error:
        raise LaunchError(
            f"the server's Python backend needs {library}; install it (Debian: apt-get install "
            f"{library.partition('.so')[0]})"
        ) from error
    return folder


def assemble(installed: Path, backends: Path) -> Path:
    """Fill `backends`: the server's Python backend with its stub, and ours beside it.

    They are copies, since the server refuses links that lead out of the folder.
    """
    came = installed / "pytriton/tritonserver"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stub = came / "python_backend_stubs" / version / "triton_python_backend_stub"
    if not stub.exists():
        raise LaunchError(f"nvidia-pytriton has no stub for Python {version}; use 3.8 to 3.13")
    files = {
        "python/libtriton_python.so": came / "backends/python/libtriton_python.so",
        "python/triton_python_backend_utils.py": came
        / "backends/python/triton_python_backend_utils.py",
        "python/triton_python_backend_stub": stub,
        "onnxruntime/model.py": OURS / "model.py",
    }
    for name, source in files.items():
        _copy(source, backends / name)
    return backends


def on_cpu(repository: Path, to: Path) -> Path:
    """`repository`, or one in `to` where it asks for GPUs, which the server refuses without one.

    That one is made of links to `repository`, but for the configurations that ask: their instances
    are the CPU's. It is made anew at each start; models that come later have to fit by themselves.
    """
    stated = {path: path.read_text(encoding="utf-8") for path in repository.glob("*/config.pbtxt")}
    asking = {path: ours for path, text in stated.items() if (ours := _with_cpus(text)) != text}
    if not asking:
        return repository
    print(
        f"on the CPU, although they ask for GPUs: {', '.join(p.parent.name for p in asking)}",
        file=sys.stderr,
    )
    shutil.rmtree(to, ignore_errors=True)
    for model in repository.iterdir():
        if model / "config.pbtxt" not in asking:
            _link(model, to / model.name)
            continue
        for part in model.iterdir():
            if part.name != "config.pbtxt":
                _link(part, to / model.name / part.name)
        (to / model.name).mkdir(parents=True, exist_ok=True)
        (to / model.name / "config.pbtxt").write_text(
            asking[model / "config.pbtxt"], encoding="utf-8"
        )
    return to


def options(
    given: argparse.Namespace, repository: Path, backends: Path, installed: Path
) -> list[str]:
    """The server's own options for what was asked for."""
    control = "explicit" if given.explicit else "none"
    options = [
        f"--model-repository={repository}",
        f"--backend-directory={backends}",
        f"--model-control-mode={control}",
        f"--grpc-address={given.host}",
        f"--grpc-port={given.grpc_port}",
        f"--backend-config=python,shm-region-prefix-name={_region(given.grpc_port)}",
        f"--backend-config=python,shm-default-byte-size={REGION_BYTES}",
        # A broken model must not take the others with it: the gateway says which one it is.
        "--exit-on-error=false",
        "--strict-readiness=false",
        "--disable-auto-complete-config",
        "--log-format=ISO8601",
    ]
    if given.explicit:
        options.append("--load-model=*")
    if given.http_port:
        options += [f"--http-address={given.host}", f"--http-port={given.http_port}"]
    else:
        options.append("--allow-http=false")
    if given.metrics_port:
        options += [f"--metrics-address={given.host}", f"--metrics-port={given.metrics_port}"]
    else:
        options.append("--allow-metrics=false")
    if given.cache_bytes:
        options += [
            f"--cache-directory={installed / 'pytriton/tritonserver/caches'}",
            f"--cache-config=local,size={given.cache_bytes}",
        ]
    return options


def environment(current: Mapping[str, str], installed: Path, threads: int | None) -> dict[str, str]:
    """The server's environment: its libraries, and the packages for its Python stubs."""
    # The stubs are linked against libpython, which some interpreters bring outside of /usr/lib.
    libraries = [str(installed / "nvidia_pytriton.libs")]
    if folder := sysconfig.get_config_var("LIBDIR"):
        libraries.append(folder)
    if before := current.get("LD_LIBRARY_PATH"):
        libraries.append(before)
    return {
        **current,
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
        # Isolated from PYTHONPATH, the stubs take the packages of the first python3 on the path.
        "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), current.get("PATH", "")]),
        "ORT_DISABLE_TELEMETRY": "1",
        "CUDA_VISIBLE_DEVICES": "",  # our backend has no use for GPUs; KIND_AUTO would take them
        "CELMOOD_TRITON_THREADS": str(threads or usable_cores()),
    }


def _with_cpus(config: str) -> str:
    """`config` with its GPU instances as the CPU's; a card in it, and remarks, stay as they are."""
    return _WORDS.sub(lambda word: "KIND_CPU" if word[0] == "KIND_GPU" else word[0], config)


def _copy(source: Path, to: Path) -> None:
    """Copy in one move: another server that starts right now may be doing the same."""
    if to.exists() and filecmp.cmp(source, to):
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    beside = to.with_name(f".{to.name}.{os.getpid()}")
    shutil.copy2(source, beside)
    beside.replace(to)


def _link(source: Path, link: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(source)


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LaunchError(
                f"cannot listen on {host}:{port}: {error.strerror}; choose another --grpc-port"
            ) from error


def _region(port: int) -> str:
    return f"celmood_triton_{port}_"


def _forget_regions(port: int) -> None:
    """Remove what a server that was killed on this port left in shared memory."""
    for left in SHARED_MEMORY.glob(f"{_region(port)}*"):
        left.unlink(missing_ok=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m deploy.triton.serve",
        description="Start Triton on a model repository; further options go to tritonserver.",
    )
    parser.add_argument("--model-repository", type=Path, default=Path("model_repository"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--grpc-port", type=int, default=8001)
    parser.add_argument("--http-port", type=int, default=0, help="0 (default): no HTTP")
    parser.add_argument("--metrics-port", type=int, default=0, help="0 (default): no metrics")
    parser.add_argument(
        "--explicit", action="store_true", help="let callers load and unload models"
    )
    parser.add_argument(
        "--cache-bytes", type=int, default=0, help="of the response cache; 0 (default): none"
    )
    parser.add_argument("--threads", type=int, help="per model (default: the usable cores)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
