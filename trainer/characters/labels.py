"""What a drawn picture shows, as labels: attributes and the 59 tags, exact because it was drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contract.expression import NAMES, Vector
from contract.labels import ATTRIBUTES, EYE_COLOURS, HAIR_COLOURS, TAGS
from trainer.characters.character import Character


def attributes(character: Character, mood: Vector) -> NDArray[np.float32]:
    """The amount [8] of each of ATTRIBUTES, 0 to 1."""
    p = dict(zip(NAMES, mood.tolist(), strict=True))
    worn, outfit = character.accessories, character.outfit
    shown = {
        "blush": max(p["blush"], character.features.rest_blush),
        "smile": max(p["mouth_curve"], 0.0) * (0.5 + 0.5 * max(p["mouth_width"], 0.0)),
        "open_mouth": min(p["mouth_open"] / 0.3, 1.0),
        "glasses": float(bool(worn.glasses and worn.glasses != "none")),
        "hat": float(bool(worn.hat and worn.hat != "none")),
        "ribbon": float(bool(worn.ribbon and worn.ribbon != "none") or outfit.bow),
        "tears": p["tears"],
        "animal_ears": float(worn.animal_ears != "none"),
    }
    return np.array([shown[name] for name in ATTRIBUTES], np.float32)


def tags(character: Character, mood: Vector) -> NDArray[np.uint8]:
    """1 for each of the 59 TAGS that the picture shows, else 0."""
    p = dict(zip(NAMES, mood.tolist(), strict=True))
    c, worn, outfit, hair = character, character.accessories, character.outfit, character.hair
    has = {name: bool(a > 0.4) for name, a in zip(ATTRIBUTES, attributes(c, mood), strict=True)}
    flower, clip = _on(worn.flower), _on(worn.clip)
    ribbon, band, rings = _on(worn.ribbon), _on(worn.hairband), _on(worn.earrings)
    shown = {
        f"{c.palette.hair_name} hair",
        f"{c.palette.eye_name} eyes",
        f"{hair.length} hair",
        *(("blush",) if has["blush"] else ()),
        *(("smile",) if p["mouth_curve"] > 0.3 else ()),
        *(("open mouth",) if p["mouth_open"] > 0.12 else ()),
        *((":d",) if p["mouth_open"] > 0.25 and p["mouth_curve"] > 0.4 else ()),
        *(("tears",) if p["tears"] > 0.25 else ()),
        *(("fang",) if p["fang"] > 0.4 and p["mouth_open"] > 0.12 else ()),
        *(("tongue",) if p["tongue"] > 0.3 and p["mouth_open"] > 0.15 else ()),
        *(("looking at viewer",) if abs(p["gaze_x"]) < 0.3 and abs(p["gaze_y"]) < 0.3 else ()),
        *(("lips",) if c.mouth.lips else ()),
        *(("glasses",) if has["glasses"] else ()),
        *(("hat",) if has["hat"] else ()),
        *(("animal ears",) if has["animal_ears"] else ()),
        *(("cat ears",) if worn.animal_ears == "cat" else ()),
        *(("flower", "hair flower") if flower else ()),
        *(("hair clip",) if clip else ()),
        *(("hairband",) if band else ()),
        *(("ribbon", "hair ribbon", "bow", "hair bow") if ribbon else ()),
        *(("hair ornament",) if flower or clip or ribbon else ()),
        *(("earrings", "jewelry") if rings else ()),
        *(("pointy ears",) if c.features.pointy_ears else ()),
        *(("bangs",) if hair.fringe != "none" else ()),
        *(("blunt bangs",) if hair.blunt else ()),
        *(("twin tails",) if hair.tails == "twin" else ()),
        *(("ponytail",) if hair.tails == "pony" else ()),
        *(("braid",) if hair.tails in ("braid", "braids") else ()),
        *(("gloves",) if worn.glove is not None else ()),
        *(("choker",) if outfit.choker else ()),
        *(("necktie",) if outfit.necktie else ()),
        *(("bare shoulders",) if outfit.bare_shoulders else ()),
        *(("bow",) if outfit.bow else ()),
        *(("jewelry",) if outfit.necklace else ()),
        *(("cleavage",) if outfit.cleavage and worn.hat != "hood" else ()),
        *(("collarbone",) if outfit.collarbone else ()),
        *(("school uniform",) if outfit.school else ()),
    }
    return np.array([name in shown for name in TAGS], np.uint8)


def hair_index(character: Character) -> int:
    """Index of the hair's colour in HAIR_COLOURS."""
    return HAIR_COLOURS.index(character.palette.hair_name)


def eye_index(character: Character) -> int:
    """Index of the left eye's colour in EYE_COLOURS."""
    return EYE_COLOURS.index(character.palette.eye_name)


def _on(kind: object) -> bool:
    return bool(kind) and kind != "none"
