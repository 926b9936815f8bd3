from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from serving.security.keys import Key, digest_of, fits, id_of, new_token

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def key(**changes: object) -> Key:
    token = new_token()
    facts = {
        "id": id_of(token),
        "tenant": "studio",
        "digest": digest_of(token),
        "scopes": ("edit",),
        "created": NOW,
    }
    return Key.model_validate(facts | changes)


def test_tokens_are_unlike_and_carry_their_id() -> None:
    tokens = {new_token() for _ in range(50)}
    assert len(tokens) == 50
    assert len({id_of(token) for token in tokens}) == 50
    assert all(len(token) == len("celmood_") + 16 + 1 + 43 for token in tokens)


@pytest.mark.parametrize(
    "text", ["", "celmood_", "sk-123", f"celmood_{'0' * 16}_short", f" {new_token()}", "é" * 67]
)
def test_what_is_no_token_has_no_id(text: str) -> None:
    assert id_of(text) is None


def test_a_digest_fits_its_token_only() -> None:
    token = new_token()
    assert fits(token, digest_of(token))
    assert not fits(new_token(), digest_of(token))
    assert token not in digest_of(token)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, None),
        ({"not_before": NOW}, None),
        ({"not_before": NOW + HOUR}, "holds only from 2026-03-01 01:00 UTC"),
        ({"expires": NOW + HOUR}, None),
        ({"expires": NOW}, "expired at 2026-03-01 00:00 UTC"),
        ({"revoked": NOW}, "was revoked"),
        ({"revoked": NOW + HOUR}, None),
        ({"expires": NOW - HOUR, "revoked": NOW - HOUR}, "was revoked"),
    ],
)
def test_when_a_key_holds(changes: dict[str, object], refusal: str | None) -> None:
    assert key(**changes).refusal(NOW) == refusal


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "short"},
        {"tenant": "a b"},
        {"tenant": ""},
        {"digest": "0" * 63},
        {"scopes": ()},
        {"scopes": ("root",)},
        {"rate": "often"},
        {"quota": "0/day"},
        {"expires": "2026-03-01T00:00:00"},
        {"secret": "x"},
    ],
)
def test_what_cannot_be_a_key(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        key(**changes)


def test_a_key_that_is_printed_tells_no_digest() -> None:
    shown = key()
    assert shown.digest not in repr(shown)
