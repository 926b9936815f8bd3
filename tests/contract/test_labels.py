"""Label vocabularies: counts and order are part of what networks were trained on."""

from __future__ import annotations

import pytest

from contract.alignment import SIDE_IN_EYE_DISTANCES, TEMPLATE
from contract.labels import ATTRIBUTES, EYE_COLOURS, HAIR_COLOURS, LANDMARKS, TAGS


@pytest.mark.parametrize(
    ("labels", "count"),
    [(HAIR_COLOURS, 12), (EYE_COLOURS, 10), (ATTRIBUTES, 8), (LANDMARKS, 27), (TAGS, 59)],
)
def test_each_vocabulary_has_its_size_and_no_name_twice(
    labels: tuple[str, ...], count: int
) -> None:
    assert len(labels) == len(set(labels)) == count


def test_the_tags_keep_the_order_of_the_paper() -> None:
    assert (TAGS[0], TAGS[29], TAGS[58]) == ("pink hair", "blonde hair", "blunt bangs")


def test_the_template_aligns_landmarks_that_exist() -> None:
    assert set(TEMPLATE) <= set(LANDMARKS)
    (left, line), (right, other_line) = TEMPLATE["left_eye"], TEMPLATE["right_eye"]
    assert line == other_line
    assert (right - left) * SIDE_IN_EYE_DISTANCES == pytest.approx(1)
    assert left + right == pytest.approx(1)
