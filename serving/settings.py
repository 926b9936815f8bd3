"""What an operator can set: by `CELMOOD_*` in the environment, or by arguments of the command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX: Final = "CELMOOD_"
SHORT: Final = {"finder": "FINDER"}
"""Settings with a second, short variable; the one with the prefix wins."""


class SettingsError(ValueError):
    """A setting that cannot be; the message names the variable."""


class Settings(BaseModel):
    """All settings; `CELMOOD_MAX_BYTES` sets `max_bytes`, and so on; `FINDER` sets `finder` too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model_repository: Path = Path("model_repository")
    engine: Literal["onnxruntime", "triton"] = "onnxruntime"
    triton: str = Field(default="127.0.0.1:8001", description="host:port of Triton's gRPC")
    finder: Literal["network", "lbp"] = "network"
    finder_threshold: float = Field(default=0.35, gt=0, lt=1)
    model: str | None = Field(default=None, description="which of several models edits expressions")

    max_bytes: int = Field(default=32 * 2**20, gt=0, description="of one picture")
    max_pixels: int = Field(default=40_000_000, gt=0, description="of one picture")
    max_faces: int = Field(default=16, gt=0, description="edited in one picture")

    workers: int | None = Field(
        default=None, gt=0, description="pictures at once; by default the cores"
    )
    queue: int = Field(default=64, ge=0, description="requests that may wait for a worker")
    timeout: float = Field(default=30.0, gt=0, description="seconds that one request may take")
    max_wait: float = Field(default=1.0, gt=0, description="seconds a request may wait for a turn")
    caller_share: float = Field(
        default=0.5, gt=0, le=1, description="of the queue that one caller may fill"
    )
    max_pixels_at_once: int = Field(
        default=80_000_000, gt=0, description="of all pictures in work together"
    )
    max_bytes_at_once: int = Field(
        default=256 * 2**20, gt=0, description="of all bodies being received or waiting"
    )
    processes: int = Field(default=1, gt=0, description="that serve side by side")
    drain_notice: float = Field(
        default=1.0, ge=0, description="seconds after SIGTERM in which it still refuses"
    )
    drain_grace: float = Field(
        default=30.0, gt=0, description="seconds that accepted work has to end after SIGTERM"
    )

    batches: Path | None = Field(
        default=None, description="folder in which batches are kept; without it none are taken"
    )
    batch_workers: int | None = Field(
        default=None, gt=0, description="lines in work at once; by default half of `workers`"
    )
    batch_lines: int = Field(default=10_000, gt=0, description="of one batch")
    batch_bytes: int = Field(default=2**30, gt=0, description="of one batch")
    batch_space: int = Field(default=10 * 2**30, gt=0, description="bytes of all batches together")
    batch_ttl: float = Field(
        default=86_400.0,
        gt=0,
        description="seconds that a batch may take, and that its results stay",
    )
    batch_lease: float = Field(
        default=15.0, gt=0, description="seconds until the lines of a process that died are free"
    )


def from_environment(environment: Mapping[str, str], **given: object) -> Settings:
    """Settings from `CELMOOD_*`; `given` ones that are not None win. Raises SettingsError.

    Variables of other parts of celmood (assets, cache) are left alone.
    """
    variables = {name: _chosen(environment, name) for name in Settings.model_fields}
    values: dict[str, object] = {
        name: environment[variable]
        for name, variable in variables.items()
        if environment.get(variable)
    }
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        raise SettingsError(f"{variables.get(name, name)}: {first['msg']}") from error


def variable(name: str) -> str:
    """The variable that sets `name`."""
    return PREFIX + name.upper()


def _chosen(environment: Mapping[str, str], name: str) -> str:
    """The variable that sets `name` in this environment."""
    full, short = variable(name), SHORT.get(name, "")
    return short if environment.get(short) and not environment.get(full) else full
