from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from serving.__main__ import listen
from tests.pictures import encoded, scene

ROOT = Path(__file__).parents[2]


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "serving", "--port", "0", *arguments],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("CELMOOD_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_it_says_where_it_listens_and_finishes_what_it_accepted(model_repository: Path) -> None:
    with started("--model-repository", str(model_repository)) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.fullmatch(r"celmood listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert match, line
        answers: list[int] = []

        def edit() -> None:
            files = {"image": encoded(scene(2400, 1800, ((1200, 900, 160),)))}
            data = {"expression": "sad"}
            url = f"{match[1]}/v1/expressions"
            answers.append(httpx.post(url, files=files, data=data, timeout=30).status_code)

        thread = threading.Thread(target=edit)
        with httpx.Client(base_url=match[1], timeout=30) as client:
            assert client.get("/readyz").status_code == 200
            thread.start()
            accepted = re.compile(r'celmood_work_units{state="running"} (?!0)')
            while not accepted.search(client.get("/metrics").text):
                assert thread.is_alive(), "the picture was done before it could be interrupted"
        process.send_signal(signal.SIGTERM)
        thread.join(30)
        assert answers == [200]
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "allowed"),
    [(256, 512, 1024, 512), (256, 512, 300, 300), (256, 512, 100, 256)],
)
def test_as_many_files_may_be_open_as_the_system_lets_it(
    soft: int, hard: int, wanted: int, allowed: int
) -> None:
    """Asked of a process of its own: a limit that was lowered cannot be raised again."""
    program = (
        "import resource; from serving.__main__ import allow_files; "
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard})); allow_files({wanted}); "
        "print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout == f"{allowed} {hard}\n"


async def test_an_answer_does_not_wait_for_the_one_before_it_to_be_acknowledged() -> None:
    loop = asyncio.get_running_loop()
    accepted: asyncio.Future[int] = loop.create_future()

    class Noting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            line = transport.get_extra_info("socket")
            accepted.set_result(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    listener = listen("127.0.0.1", 0)
    server = await loop.create_server(Noting, sock=listener)
    async with server:
        _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        assert await accepted
        writer.close()


def test_a_port_that_is_taken_and_a_bad_argument(model_repository: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with started("--port", port, "--model-repository", str(model_repository)) as process:
            _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "cannot listen" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("name", ["serving.app", "serving.pipeline"])
def test_the_serving_parts_do_without_torch(name: str) -> None:
    code = f"import sys, {name}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
