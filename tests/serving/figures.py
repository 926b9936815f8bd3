"""Read Prometheus' text: the value of a series by its name and labels."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: bytes | str) -> Figures:
    """All samples of `text`; a sample that is there twice is an error."""
    told = text.decode() if isinstance(text, bytes) else text
    figures: Figures = {}
    for family in text_string_to_metric_families(told):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in figures, key
            figures[key] = sample.value
    return figures


def value(text: bytes | str, name: str, /, **labels: str) -> float:
    """The sample of that name and exactly those labels. Raises KeyError."""
    return read(text)[name, frozenset(labels.items())]
