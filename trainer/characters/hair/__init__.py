"""The hair of a character: sampled once, shaped for a view, drawn in three layers."""

from trainer.characters.hair.design import BACKS, FRINGES, Hair, sample_hair
from trainer.characters.hair.dress import Dressed, dress
from trainer.characters.hair.paint import draw_back, draw_front, draw_over_body
from trainer.characters.hair.shapes import HairShapes, front_path, shape_hair

__all__ = [
    "BACKS",
    "FRINGES",
    "Dressed",
    "Hair",
    "HairShapes",
    "draw_back",
    "draw_front",
    "draw_over_body",
    "dress",
    "front_path",
    "sample_hair",
    "shape_hair",
]
