"""The file of the keys: written whole or not at all, read again when it has changed."""

from __future__ import annotations

import fcntl
import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from serving.security.keys import Key, fits, id_of

_LOOK_EVERY_S: Final = 1.0
_OWNER_ONLY: Final = 0o600
_log = logging.getLogger("celmood")


class KeyFileError(ValueError):
    """The file of the keys cannot be used; the message says why and what to do."""


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    keys: tuple[Key, ...] = ()


def read_keys(path: Path) -> dict[str, Key]:
    """The keys in the file by id. Raises KeyFileError."""
    try:
        if path.stat().st_mode & stat.S_IWOTH:
            raise KeyFileError(f"{path}: everyone can write it; chmod o-w it")
        content = _Content.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise KeyFileError(
            f"{path}: no such file; `python -m serving keys make` makes the first key"
        ) from error
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise KeyFileError(f"{path}: {place}: {first['msg']}") from error
    keys = {key.id: key for key in content.keys}
    if len(keys) < len(content.keys):
        raise KeyFileError(f"{path}: two keys have the same id")
    return keys


@contextmanager
def changed_keys(path: Path) -> Iterator[dict[str, Key]]:
    """The keys, to be changed within the block and written at its end; none is no error.

    Others who change the file wait meanwhile. Raises KeyFileError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = read_keys(path) if path.exists() else {}
            yield keys
            _write(path, _Content(keys=tuple(keys.values())).model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise KeyFileError(f"{path} cannot be written: {error.strerror}") from error


def _write(path: Path, text: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else _OWNER_ONLY
    beside = path.with_name(f".{path.name}.new")  # ours alone, as the lock is held
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


class Keys:
    """The keys that hold now. A changed file counts within a second, without a restart.

    A file that has become unreadable changes nothing: the keys that were known go on to hold, and
    the log says so.
    """

    def __init__(self, path: Path) -> None:
        """Raises KeyFileError."""
        self._path = path
        self._seen = self._signature()
        self._keys = read_keys(path)
        self._looked = time.monotonic()
        self._trouble = ""

    def find(self, token: str) -> Key | None:
        """The key that `token` is; None for one that is not known. It may not hold: ask it."""
        self._look()
        known = self._keys.get(id_of(token) or "")
        return known if known is not None and fits(token, known.digest) else None

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY_S:
            return
        self._looked = now
        seen = self._signature()
        if seen == self._seen:
            return
        try:
            self._keys = read_keys(self._path)
        except KeyFileError as error:  # and it is tried again at the next look
            if str(error) != self._trouble:
                _log.error("the keys stay as they were: %s", error)
            self._trouble = str(error)
        else:
            self._seen, self._trouble = seen, ""

    def _signature(self) -> tuple[int, ...] | None:
        """What differs when the file does, or who may read and write it."""
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size
