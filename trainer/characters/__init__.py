"""The artist: draws anime characters from a seed; identity, view and expression are separate."""

from trainer.characters.character import EDITION, Character, sample_character, sample_view
from trainer.characters.compose import Drawing, draw, draw_all
from trainer.characters.parts import PARTS, part_masks
from trainer.characters.view import View

__all__ = [
    "EDITION",
    "PARTS",
    "Character",
    "Drawing",
    "View",
    "draw",
    "draw_all",
    "part_masks",
    "sample_character",
    "sample_view",
]
