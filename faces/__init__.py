"""Find a face, align it, and give a change back to the picture at its own resolution."""
