"""Triton's own words for what its statuses do not tell apart; there is no code for any of these.

They are those of Triton 24.10. Where a later release words them otherwise, a full queue would be
taken for a server that is away, and memory that it lost for a failed run: the tests on a real
server tell.
"""

from __future__ import annotations

from typing import Final

QUEUE_FULL: Final = "maximum queue size"
QUEUE_EXPIRED: Final = "timeout expired"
REGION_UNKNOWN: Final = "shared memory region"
"""In a run: the server has been started anew since the region was registered."""
REGION_IN_USE: Final = "in use"
"""Of a region that is to be unregistered."""
UNLOADED: Final = "unloaded"
"""The whole reason why a model is not ready that was taken out on purpose."""


def says(message: object, words: str) -> bool:
    """Whether what a server told, or an error that holds it, has these words."""
    return words in str(message).lower()
