"""What a key may be allowed to do, and which paths of the gateway that opens."""

from __future__ import annotations

from typing import Final, Literal, get_args

Scope = Literal["faces", "edit", "batches", "models", "metrics"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)

WORK: Final[frozenset[Scope]] = frozenset({"faces", "edit", "batches"})
"""Scopes under which models are run: their POST requests count towards a quota."""

_OPEN: Final = frozenset({"/", "/healthz", "/readyz", "/docs", "/openapi.json"})
_PATHS: Final[dict[str, Scope]] = {
    "/v1/faces": "faces",
    "/v1/expressions": "edit",
    "/v1/attributes": "edit",
    "/v1/generations": "edit",
    "/v1/sheets": "edit",
    "/v1/batches": "batches",
    "/v1/models": "models",
    "/metrics": "metrics",
}


def is_open(path: str) -> bool:
    """Whether `path` is for everyone: what probes, readers of the docs and browsers need."""
    return path in _OPEN


def scope_of(path: str) -> Scope | None:
    """The scope that `path` needs; None for a path that nothing is known of."""
    for prefix, scope in _PATHS.items():
        if path == prefix or path.startswith(prefix + "/"):
            return scope
    return None
