"""Trained networks to ONNX, verified, into a Triton model repository with card and config."""
