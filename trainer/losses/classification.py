"""Losses that hold a picture to an expression: a label (as published) or a vector (ours)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def label_loss(reading: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy of readings [N,K] with labels [N] int64 (Rao et al., eqs. 11 and 12)."""
    return functional.cross_entropy(reading.float(), label)


def vector_loss(reading: Tensor, vector: Tensor) -> Tensor:
    """Squared distance of readings [N,P] to scaled vectors [N,P], summed over the parameters and
    averaged over the batch.

    Stands for the cross-entropy where the expression is a vector. The sum keeps it at the size of a
    cross-entropy, so that the published weight of 1 means the same; the mean over the P parameters
    would be P times smaller.
    """
    return (reading.float() - vector).square().sum(dim=1).mean()
