"""The cut of each outfit, drawn under a head by the tailor."""

from trainer.characters.garments.bare import bare_edge
from trainer.characters.garments.wear import behind, worn

__all__ = ["bare_edge", "behind", "worn"]
