"""Data sets on disk, and sources that make batches of them."""
