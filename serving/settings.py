"""What an operator can set: by `CELMOOD_*` in the environment, or by arguments of the command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX: Final = "CELMOOD_"


class SettingsError(ValueError):
    """A setting that cannot be; the message names the variable."""


class Settings(BaseModel):
    """All settings; `CELMOOD_MAX_BYTES` sets `max_bytes`, and so on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model_repository: Path = Path("model_repository")
    engine: Literal["onnxruntime", "triton"] = "onnxruntime"
    triton: str = Field("127.0.0.1:8001", description="host:port of Triton's gRPC")
    finder: Literal["network", "lbp"] = "network"
    finder_threshold: float = Field(0.35, gt=0, lt=1)
    model: str | None = Field(None, description="which of several models edits expressions")

    max_bytes: int = Field(32 * 2**20, gt=0, description="of one picture")
    max_pixels: int = Field(40_000_000, gt=0, description="of one picture")
    max_faces: int = Field(16, gt=0, description="edited in one picture")

    workers: int | None = Field(None, gt=0, description="pictures at once; by default the cores")
    queue: int = Field(64, ge=0, description="requests that may wait for a worker")
    timeout: float = Field(30.0, gt=0, description="seconds from acceptance to answer")


def from_environment(environment: Mapping[str, str], **given: object) -> Settings:
    """Settings from `CELMOOD_*`; `given` ones that are not None win. Raises SettingsError.

    Variables of other parts of celmood (assets, cache) are left alone.
    """
    values: dict[str, object] = {
        name: environment[PREFIX + name.upper()]
        for name in Settings.model_fields
        if environment.get(PREFIX + name.upper())
    }
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        raise SettingsError(f"{PREFIX}{name.upper()}: {first['msg']}") from error
