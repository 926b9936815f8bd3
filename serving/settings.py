"""What an operator can set: by `CELMOOD_*` in the environment, or by arguments of the command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
)

from serving.security.places import Place, parse_place
from serving.security.policies import checked

PREFIX: Final = "CELMOOD_"
SHORT: Final = {"finder": "FINDER"}
"""Settings with a second, short variable; the one with the prefix wins."""


class SettingsError(ValueError):
    """A setting that cannot be; the message names the variable."""


def _words(value: object) -> object:
    """A list as the environment has it: words between commas or blanks."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _place(value: object) -> object:
    return parse_place(value) if isinstance(value, str) else value


Words = BeforeValidator(_words)
Host = Annotated[Place, BeforeValidator(_place)]
Limit = Annotated[str, AfterValidator(checked)]


class Settings(BaseModel):
    """All settings; `CELMOOD_MAX_BYTES` sets `max_bytes`, and so on; `FINDER` sets `finder` too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model_repository: Path = Path("model_repository")
    engine: Literal["onnxruntime", "triton"] = "onnxruntime"
    triton: str = Field(
        default="127.0.0.1:8001",
        pattern=r"\w",
        description="host:port of Triton's gRPC; several with commas between them",
    )
    triton_tls: bool = Field(default=False, description="speak TLS with Triton")
    triton_authorities: Path | None = Field(
        default=None, description="certificates that Triton's is held against"
    )
    triton_certificate: Path | None = Field(default=None, description="of the gateway, for Triton")
    triton_key: Path | None = Field(default=None, description="of that certificate")
    triton_token: SecretStr | None = Field(default=None, description="that every call carries")
    triton_token_header: str = Field(default="authorization", description="in which it does")
    triton_device: Literal["any", "gpu"] = Field(
        default="any", description="gpu: a model that runs on a CPU is a problem"
    )
    triton_shared_memory: bool = Field(
        default=False, description="with a Triton on this machine, in place of sending tensors"
    )
    finder: Literal["network", "lbp"] = "network"
    finder_threshold: float = Field(default=0.55, gt=0, lt=1)
    model: str | None = Field(default=None, description="which of several models edits expressions")

    max_bytes: int = Field(default=32 * 2**20, gt=0, description="of one picture")
    max_pixels: int = Field(
        default=40_000_000, gt=0, le=89_000_000, description="of one picture; Pillow takes no more"
    )
    max_faces: int = Field(default=16, gt=0, description="edited in one picture")

    workers: int | None = Field(
        default=None,
        gt=0,
        description="pictures at once; by default the cores, twice that with Triton",
    )
    queue: int = Field(default=64, ge=0, description="requests that may wait for a worker")
    timeout: float = Field(default=30.0, gt=0, description="seconds that one request may take")
    max_wait: float = Field(default=1.5, gt=0, description="seconds a request may wait for a turn")
    caller_share: float = Field(
        default=0.7, gt=0, le=1, description="of the queue that one caller may fill"
    )
    max_pixels_at_once: int = Field(
        default=40_000_000, gt=0, description="of all pictures in work together"
    )
    max_bytes_at_once: int = Field(
        default=256 * 2**20, gt=0, description="of all bodies being received or waiting"
    )
    processes: int = Field(default=1, gt=0, description="that serve side by side")
    keep_alive: int = Field(
        default=75, gt=0, description="seconds that a connection is kept for its next request"
    )
    drain_notice: float = Field(
        default=1.0, ge=0, description="seconds after SIGTERM in which it still refuses"
    )
    drain_grace: float = Field(
        default=30.0, gt=0, description="seconds that accepted work has to end after SIGTERM"
    )

    keys: Path | None = Field(default=None, description="file of the API keys")
    without_keys: bool = Field(
        default=False, description="anybody who reaches the gateway may use it"
    )
    hosts: Annotated[tuple[str, ...], Words] = Field(
        default=(), description="names that a gateway without keys answers under, beside localhost"
    )
    rate: Limit | None = Field(default=None, description="of a caller without one, 600/minute")
    quota: Limit | None = Field(default=None, description="of a caller without one, 10000/day")
    rate_store: SecretStr = Field(
        default=SecretStr("memory"),
        description="or file:PATH, which outlives a restart, or a Redis that several hosts share",
    )
    cors_origins: Annotated[tuple[str, ...], Words] = Field(
        default=(), description="sites whose pages may use the gateway"
    )
    behind_tls: bool = Field(default=False, description="tell browsers to use nothing but TLS")
    url_hosts: Annotated[tuple[Host, ...], Words] = Field(
        default=(), description="hosts that pictures may be fetched from"
    )
    url_networks: Annotated[tuple[IPvAnyNetwork, ...], Words] = Field(
        default=(), description="networks that these hosts may be in though they are not public"
    )
    url_timeout: float = Field(default=10.0, gt=0, description="seconds to fetch a picture")

    batches: Path | None = Field(
        default=None, description="folder in which batches are kept; without it none are taken"
    )
    batch_database: SecretStr | None = Field(
        default=None, description="postgresql://..., which keeps batches for several machines"
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
    webhook_hosts: Annotated[tuple[Host, ...], Words] = Field(
        default=(), description="hosts that may be called when a batch has ended"
    )
    webhook_secrets: SecretStr = Field(
        default=SecretStr(""), description="whsec_..., to sign calls with; two while one is changed"
    )
    batch_lease: float = Field(
        default=15.0, gt=0, description="seconds until the lines of a process that died are free"
    )
    log: Literal["text", "json"] = "text"
    access_log: bool = Field(default=False, description="a line for each request")


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
        name = str(first["loc"][0])
        raise SettingsError(f"{variables.get(name, name)}: {first['msg']}") from error


def variable(name: str) -> str:
    """The variable that sets `name`."""
    return PREFIX + name.upper()


def _chosen(environment: Mapping[str, str], name: str) -> str:
    """The variable that sets `name` in this environment."""
    full, short = variable(name), SHORT.get(name, "")
    return short if environment.get(short) and not environment.get(full) else full
