"""Figures that say how good a trained network is."""
