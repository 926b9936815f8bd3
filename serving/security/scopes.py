"""What a key may be allowed to do, and which paths of the gateway that opens."""

from __future__ import annotations

from collections.abc import Collection
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
_ACCEPTED: Final = "/v1/batches/"


def is_open(path: str) -> bool:
    """Whether `path` is for everyone: what probes, readers of the docs and browsers need."""
    return path in _OPEN


def scope_of(path: str) -> Scope | None:
    """The scope that `path` needs; None for a path that nothing is known of."""
    for prefix, scope in _PATHS.items():
        if path == prefix or path.startswith(prefix + "/"):
            return scope
    return None


def opens(scopes: Collection[str], path: str) -> bool:
    """Whether a key with `scopes` may ask `path`.

    Whoever may send pictures may come back for what was accepted for later (`Prefer: respond-async`
    answers with a batch), so a batch of the tenant is open to each of these scopes.
    """
    needed = scope_of(path)
    if path.startswith(_ACCEPTED):
        return not WORK.isdisjoint(scopes)
    return needed is None or needed in scopes
