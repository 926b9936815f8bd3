"""The version of the distribution `celmood`; it is sent as the user agent."""

from __future__ import annotations

from typing import Final

__version__: Final = "0.1.0"
