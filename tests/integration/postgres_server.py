"""A real PostgreSQL on a free port; the Debian package `postgresql`."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Final

_USER: Final = "postgres"
"""PostgreSQL refuses to be run by root; the package brings this user."""


def tool(name: str) -> str:
    """The path of a program of PostgreSQL. Raises FileNotFoundError, which says what to do."""
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(packaged[-1]) if packaged else shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is missing: apt-get install postgresql")
    return path


class PostgresServer:
    """PostgreSQL inside a `with` block, with an empty database; `stop` and `start` in between."""

    def __enter__(self) -> PostgresServer:
        self._folder = Path(tempfile.mkdtemp(prefix="celmood-postgres-"))
        if os.geteuid() == 0:
            user = pwd.getpwnam(_USER)
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"postgresql://{_USER}@127.0.0.1:{self._port}/postgres"
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", _USER, "-A", "trust", "--no-sync")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -k {self._folder} -c fsync=off"
        log = str(self._folder / "log")
        self._control("-o", options, "-l", log, "-w", "start")

    def stop(self) -> None:
        """Stop it at once: whoever is connected is cut off."""
        self._control("-m", "fast", "-w", "stop")

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), *arguments)

    def _run(self, name: str, *arguments: str) -> None:
        command = [tool(name), *arguments]
        if os.geteuid() == 0:
            command = [
                "setpriv",
                f"--reuid={_USER}",
                f"--regid={_USER}",
                "--clear-groups",
                *command,
            ]
        with (self._folder / "output").open("ab") as output:  # a pipe would wait for the server
            done = subprocess.run(
                command, cwd="/", stdout=output, stderr=output, timeout=120, check=False
            )
        assert done.returncode == 0, (self._folder / "output").read_text()
