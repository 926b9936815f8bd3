from __future__ import annotations

import pytest

from serving.security.policies import checked, parse, policies


def test_limits_are_read() -> None:
    assert [(item.amount, item.get_expiry()) for item in parse("10/second; 600 per minute")] == [
        (10, 1),
        (600, 60),
    ]
    assert checked("5/2 hours") == "5/2 hours"


@pytest.mark.parametrize("text", ["", "often", "10", "10/fortnight", "-1/day", "0/minute"])
def test_what_is_no_limit_says_what_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"600/minute|revoke"):
        checked(text)


def test_rates_and_quotas_are_named_and_described() -> None:
    found = policies("10/second;600/minute", "10000/day")
    assert [policy.name for policy in found] == ["rate-1s", "rate-60s", "quota-86400s"]
    assert found[1].described() == '"rate-60s";q=600;w=60'
    assert [policy.sort for policy in policies(None, "5/day")] == ["quota"]
    assert policies(None, None) == ()
