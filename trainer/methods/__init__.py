"""What one training step is, per method; the loop is the same for all."""
