from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

import celmood
from celmood._refusals import error_from, seconds_of

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def test_a_problem_becomes_its_class_with_all_that_it_says() -> None:
    response = httpx.Response(
        422,
        headers={"X-Request-Id": "abc"},
        json={
            "type": "urn:celmood:problem:unknown-expression",
            "title": "No such expression",
            "status": 422,
            "detail": "unknown expression 'agry'; known are angry, happy",
            "request_id": "abc",
            "known": ["angry", "happy"],
        },
    )
    error = error_from(response, "mine")
    assert type(error) is celmood.UnknownExpressionError
    assert isinstance(error, celmood.RejectedRequestError)
    assert str(error) == "unknown expression 'agry'; known are angry, happy"
    assert (error.status, error.title) == (422, "No such expression")
    assert error.known == ("angry", "happy")
    assert error.extra == {"known": ["angry", "happy"]}
    assert error.request_id == "abc"


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"[1]", b"", b'{"type": 3}'])
def test_a_refusal_by_something_else_is_a_plain_service_error(body: bytes) -> None:
    error = error_from(httpx.Response(502, content=body), "mine")
    assert type(error) is celmood.ServiceError
    assert "502 Bad Gateway" in str(error)
    assert error.request_id == "mine"


def test_an_unknown_type_is_kept() -> None:
    body = {"type": "urn:celmood:problem:of-tomorrow", "detail": "wait for the moon"}
    error = error_from(httpx.Response(409, json=body), "mine")
    assert type(error) is celmood.ServiceError
    assert (error.type, str(error)) == ("urn:celmood:problem:of-tomorrow", "wait for the moon")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
    ],
)
def test_retry_after_in_seconds_and_as_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_of(header, NOW) == seconds
