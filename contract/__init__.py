"""What every part of celmood agrees on: labels, expression vectors, cards, pixels, assets."""
