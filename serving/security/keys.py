"""API keys: how one is made, what is kept of it, and whether it holds.

A key is `celmood_ID_SECRET`. The secret has 256 random bits, so one round of SHA-256 keeps it as
safe at rest as a slow hash would: there is nothing to guess from. Their file is read and written
in `serving.security.store`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from serving.security.policies import checked
from serving.security.scopes import Scope

_TOKEN: Final = re.compile(r"celmood_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")
_ID_BYTES: Final = 8
_SECRET_BYTES: Final = 32


Limit = Annotated[str, AfterValidator(checked)]
"""Such as `60/minute`, or `10/second;600/minute`."""


class Key(BaseModel):
    """What is kept of a key. Times are aware; `rate` and `quota` win over the gateway's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern="^[0-9a-f]{16}$")
    tenant: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    digest: str = Field(pattern="^[0-9a-f]{64}$", repr=False)
    scopes: tuple[Scope, ...] = Field(min_length=1)
    created: AwareDatetime
    not_before: AwareDatetime | None = None
    expires: AwareDatetime | None = None
    revoked: AwareDatetime | None = None
    rate: Limit | None = None
    quota: Limit | None = None
    note: str = Field(default="", max_length=200)

    def refusal(self, now: datetime) -> str | None:
        """Why the key does not hold at `now`; None where it does."""
        if self.revoked is not None and self.revoked <= now:
            return "was revoked"
        if self.not_before is not None and now < self.not_before:
            return f"holds only from {self.not_before:%Y-%m-%d %H:%M} UTC"
        if self.expires is not None and self.expires <= now:
            return f"expired at {self.expires:%Y-%m-%d %H:%M} UTC"
        return None


def new_token() -> str:
    """A fresh key, as its owner gets it."""
    return f"celmood_{secrets.token_hex(_ID_BYTES)}_{secrets.token_urlsafe(_SECRET_BYTES)}"


def id_of(token: str) -> str | None:
    """The public part of `token`; None for what is no key of ours."""
    found = _TOKEN.fullmatch(token)
    return found[1] if found else None


def digest_of(token: str) -> str:
    """What is kept of `token`: SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def fits(token: str, digest: str) -> bool:
    """Whether `digest` is that of `token`, in a time that does not tell how much of it agrees."""
    return hmac.compare_digest(digest_of(token), digest)
