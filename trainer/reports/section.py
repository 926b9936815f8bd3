"""A part of a report that is measured apart: figures, everything as plain values, and a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Section:
    """`figures` join the headline figures of the report, `content` goes into its JSON under
    `name`, `text` (Markdown, with its own heading) onto its page."""

    name: str
    figures: Mapping[str, float]
    content: Mapping[str, Any]
    text: str
