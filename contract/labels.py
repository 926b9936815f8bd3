"""Label vocabularies: names in the order in which networks see them."""

from __future__ import annotations

from typing import Final

HAIR_COLOURS: Final = (
    "blonde", "brown", "black", "blue", "pink", "purple",
    "green", "red", "silver", "white", "orange", "aqua",
)  # fmt: skip

EYE_COLOURS: Final = (
    "blue", "red", "brown", "green", "purple", "yellow", "pink", "aqua", "black", "orange",
)  # fmt: skip

ATTRIBUTES: Final = (
    "blush", "smile", "open_mouth", "glasses", "hat", "ribbon", "tears", "animal_ears",
)  # fmt: skip

LANDMARKS: Final = (
    "left_eye", "right_eye",
    "left_eye_outer", "left_eye_inner", "left_eye_top", "left_eye_bottom",
    "right_eye_inner", "right_eye_outer", "right_eye_top", "right_eye_bottom",
    "left_brow_outer", "left_brow_middle", "left_brow_inner",
    "right_brow_inner", "right_brow_middle", "right_brow_outer",
    "nose", "mouth", "mouth_left", "mouth_right", "mouth_top", "mouth_bottom",
    "chin", "left_jaw", "right_jaw", "left_cheek", "right_cheek",
)  # fmt: skip
"""Points of a drawn face; left and right as seen. Eyes and mouth without suffix are centres."""

TAGS: Final = (
    "pink hair", "blush", "open mouth", "hair ornament", "short hair", "looking at viewer",
    "flower", "aqua eyes", "long hair", "blue eyes", "collarbone", "school uniform", "green eyes",
    "braid", "hair clip", "red eyes", "blue hair", "ribbon", "bow", "hair ribbon", "pink eyes",
    "silver hair", "white hair", "red hair", "twin tails", "black hair", "tears", "hair flower",
    "smile", "blonde hair", "choker", "bare shoulders", "gloves", "hair bow", "brown hair",
    "brown eyes", "yellow eyes", "orange hair", "animal ears", "jewelry", "cleavage", "bangs",
    "pointy ears", "earrings", "purple eyes", "purple hair", "hairband", "green hair", "hat",
    "cat ears", ":d", "glasses", "fang", "lips", "necktie", "black eyes", "ponytail", "tongue",
    "blunt bangs",
)  # fmt: skip
"""The 59 tags of conditional generation, in the order of Hambir et al. (section VI)."""
