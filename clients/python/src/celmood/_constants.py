"""Defaults of the client in one place: address, timeouts, retries."""

from __future__ import annotations

from typing import Final

import httpx

DEFAULT_URL: Final = "http://127.0.0.1:8000"
URL_VARIABLE: Final = "CELMOOD_URL"
"""Environment variable that names the gateway when no `base_url` is given."""

KEY_VARIABLE: Final = "CELMOOD_API_KEY"
"""Environment variable with the key for the gateway when no `api_key` is given."""

DEFAULT_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
"""Seconds per step of one attempt: a minute to write or read, five seconds to connect."""

DEFAULT_MAX_RETRIES: Final = 2
RETRIED_STATUSES: Final = frozenset({429, 503})
"""Overload and a gateway that is starting. Every call is repeatable: none changes the service."""

FIRST_RETRY_DELAY: Final = 0.5
"""Seconds before the first repetition; each further one waits twice as long."""

LONGEST_RETRY_DELAY: Final = 8.0
LONGEST_RETRY_AFTER: Final = 60.0
"""Seconds. A Retry-After beyond it is not waited for: the error is raised and carries it."""
