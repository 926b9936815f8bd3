from __future__ import annotations

import importlib
import pkgutil

import pytest

import serving.routes
from serving.security.scopes import SCOPES, is_open, opens, scope_of


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/v1/faces", "faces"),
        ("/v1/expressions", "edit"),
        ("/v1/batches/abc/results", "batches"),
        ("/v1/models/expression", "models"),
        ("/metrics", "metrics"),
        ("/v1/facesome", None),
        ("//v1/faces", None),
        ("/v1", None),
    ],
)
def test_scopes_of_paths(path: str, scope: str | None) -> None:
    assert scope_of(path) == scope


@pytest.mark.parametrize(
    ("scopes", "path", "expected"),
    [
        (("edit",), "/v1/expressions", True),
        (("edit",), "/v1/faces", False),
        (("edit",), "/v1/batches", False),
        (("edit",), "/v1/batches/abc", True),
        (("faces",), "/v1/batches/abc", True),
        (("batches",), "/v1/batches/abc", True),
        (("models", "metrics"), "/v1/batches/abc", False),
        ((), "/nothing", True),
    ],
)
def test_a_batch_is_open_to_who_may_send_pictures(
    scopes: tuple[str, ...], path: str, expected: bool
) -> None:
    assert opens(scopes, path) is expected


def test_what_is_open_is_exact() -> None:
    assert is_open("/healthz")
    assert not is_open("/healthz/")
    assert not is_open("/docs/../v1/faces")


def test_every_route_has_a_scope_or_is_open() -> None:
    modules = [
        importlib.import_module(f"serving.routes.{found.name}")
        for found in pkgutil.iter_modules(serving.routes.__path__)
    ]
    routers = [module.router for module in modules if hasattr(module, "router")]
    paths = {route.path for router in routers for route in router.routes}
    assert {"/v1/faces", "/v1/expressions", "/v1/models/{name}", "/metrics", "/docs"} <= paths
    for path in paths:
        assert is_open(path) != (scope_of(path) is not None), path
    assert {scope_of(path) for path in paths} - {None} <= set(SCOPES)
