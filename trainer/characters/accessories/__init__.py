"""What a character wears on head and face or holds in front of it: sampling and drawing."""

from trainer.characters.accessories.design import Accessories, sample_accessories
from trainer.characters.accessories.drawing import (
    draw_behind,
    draw_ear_jewellery,
    draw_on_face,
    draw_on_hair,
    draw_over,
)

__all__ = [
    "Accessories",
    "draw_behind",
    "draw_ear_jewellery",
    "draw_on_face",
    "draw_on_hair",
    "draw_over",
    "sample_accessories",
]
