"""Run a model by its card: in this process with onnxruntime, or on a Triton server over gRPC.

What a tensor means is left to those who ask.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported
