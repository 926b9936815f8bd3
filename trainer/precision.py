"""Whether a device computes in bfloat16 itself. Where it only imitates it, bf16 is several times
slower than fp32."""

from __future__ import annotations

import torch


def has_bf16(device: torch.device) -> bool:
    """Whether `device` has instructions for bfloat16 products."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        able = torch.cpu.get_capabilities()
        return any(bool(able.get(name)) for name in ("amx_bf16", "avx512_bf16", "bf16"))
    return True
