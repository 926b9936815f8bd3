from __future__ import annotations

from typing import Any

import pytest
from httpx import Client

from serving import problems
from serving.app import interface


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return interface().openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def types(response: dict[str, Any]) -> set[str]:
    schema = response["content"][problems.MEDIA_TYPE]["schema"]["allOf"][1]
    return {name.removeprefix(problems.PREFIX) for name in schema["properties"]["type"]["enum"]}


def test_every_problem_that_somebody_reads_is_told(document: dict[str, Any]) -> None:
    told = {
        slug
        for operation in operations(document).values()
        for status, response in operation["responses"].items()
        if int(status) >= 400
        for slug in types(response)
    }
    kinds = {kind.slug for kind in vars(problems).values() if isinstance(kind, problems.Kind)}
    # 405 is of no operation, and who has gone reads nothing.
    assert told == kinds - {"method-not-allowed", "caller-gone"}


def test_statuses_are_told_one_by_one(document: dict[str, Any]) -> None:
    for operation in operations(document).values():
        assert "default" not in operation["responses"]
        assert all(status.isdecimal() for status in operation["responses"])
    assert "HTTPValidationError" not in str(document)


def test_every_answer_has_the_requests_id(document: dict[str, Any]) -> None:
    for operation in operations(document).values():
        for response in operation["responses"].values():
            header = response["headers"]["X-Request-Id"]
            assert header == {"$ref": "#/components/headers/X-Request-Id"}


def test_keys_are_for_all_but_what_is_open(document: dict[str, Any]) -> None:
    without = {name for name, told in operations(document).items() if "security" not in told}
    assert without == {"get /healthz", "get /readyz"}
    schemes = document["components"]["securitySchemes"]
    for each in operations(document)["get /v1/models"]["security"]:
        assert each.keys() <= schemes.keys()


def test_it_is_made_once() -> None:
    app = interface()
    assert app.openapi() is app.openapi()


def test_a_path_with_several_methods_tells_them_all(client: Client) -> None:
    answer = client.put("/v1/batches/0")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "DELETE, GET"
    assert client.get("/v1/faces").headers["Allow"] == "POST"
