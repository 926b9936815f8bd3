"""Labels of a character: they say what is drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from contract.expression import NEUTRAL, preset
from contract.labels import ATTRIBUTES, EYE_COLOURS, HAIR_COLOURS, TAGS
from trainer.characters import View, draw, labels, sample_character

MANY = [sample_character(seed) for seed in range(1000)]
PEOPLE = MANY[:120]


def test_pointy_ears_are_tagged_where_the_face_has_them() -> None:
    tagged = [labels.tags(c, NEUTRAL)[TAGS.index("pointy ears")] for c in PEOPLE]
    assert tagged == [c.features.pointy_ears for c in PEOPLE]
    assert 0 < sum(tagged) < 20


def test_colours_are_those_of_the_palette_and_among_the_tags() -> None:
    for character in PEOPLE[:40]:
        hair = HAIR_COLOURS[labels.hair_index(character)]
        eyes = EYE_COLOURS[labels.eye_index(character)]
        shown = {name for name, on in zip(TAGS, labels.tags(character, NEUTRAL), strict=True) if on}
        assert (hair, eyes) == (character.palette.hair_name, character.palette.eye_name)
        assert f"{hair} hair" in shown or f"{hair} hair" not in TAGS
        assert f"{eyes} eyes" in shown or f"{eyes} eyes" not in TAGS


def test_moods_show_in_attributes_and_tags() -> None:
    character = next(c for c in PEOPLE if c.features.rest_blush < 0.1)
    still, laughing = (labels.attributes(character, preset(n)) for n in ("neutral", "laughing"))
    for name in ("smile", "open_mouth", "blush"):
        assert laughing[ATTRIBUTES.index(name)] > still[ATTRIBUTES.index(name)]
    assert laughing.min() >= 0
    assert laughing.max() <= 1
    crying = labels.tags(character, preset("crying"))
    change = crying.astype(int) - labels.tags(character, NEUTRAL)
    assert change[TAGS.index("tears")] == 1
    assert np.count_nonzero(change) <= 5


def test_gloves_are_tagged_where_hands_are_gloved() -> None:
    tagged = [labels.tags(c, NEUTRAL)[TAGS.index("gloves")] for c in MANY]
    assert tagged == [c.accessories.glove is not None for c in MANY]
    assert 8 < sum(tagged) < 60
    gloved = next(c for c in MANY if c.accessories.glove and c.accessories.over == "hand")
    bare = replace(gloved, accessories=replace(gloved.accessories, glove=None))
    view = View(eye_distance=0.3, y=0.4)
    one, other = (draw(c, view, NEUTRAL, 96).picture.astype(int) for c in (gloved, bare))
    changed = np.abs(one - other).max(-1) > 24
    assert changed.sum() > 40
    assert np.nonzero(changed)[0].min() > 0.4 * 96, "only below the eyes"


def test_cleavage_is_tagged_where_a_neckline_shows_it() -> None:
    tagged = [labels.tags(c, NEUTRAL)[TAGS.index("cleavage")] for c in MANY]
    assert tagged == [c.outfit.cleavage and c.accessories.hat != "hood" for c in MANY]
    assert 8 < sum(tagged) < 100
    shown = [c for c in MANY if c.outfit.cleavage]
    assert {c.outfit.kind for c in shown} == {"off_shoulder", "straps"}
    assert {c.head.kind for c in shown} == {"young"}, "grown women: no man, no comic figure"
    for character in shown[:6]:
        covered = replace(character, outfit=replace(character.outfit, cleavage=False))
        view = View(eye_distance=0.16, y=0.3)
        one, other = (draw(c, view, NEUTRAL, 160).picture for c in (character, covered))
        assert (one != other).any()
