"""A batch in JSON, without its results."""

from __future__ import annotations

from datetime import UTC, datetime

from serving.answers import BatchAnswer, BatchStatus
from serving.jobs.store import Batch


def batch_shape(batch: Batch) -> BatchAnswer:
    """What is told of a batch: its status, its times, and how many of its lines are where."""
    left = batch.total - batch.answered
    ended = batch.ended is not None
    return {
        "id": batch.id,
        "status": _status(batch),
        "created": time_shape(batch.created),
        "ended": None if batch.ended is None else time_shape(batch.ended),
        "expires": time_shape(batch.expires),
        "counts": {
            "total": batch.total,
            "succeeded": batch.answered - batch.failed,
            "failed": batch.failed,
            "running": 0 if ended else batch.running,
            "waiting": 0 if ended else left - batch.running,
            "dropped": left if ended else 0,
        },
    }


def _status(batch: Batch) -> BatchStatus:
    if batch.status != "open":
        return batch.status
    return "running" if batch.answered or batch.running else "queued"


def time_shape(seconds: float) -> str:
    """A time of the epoch, in UTC (RFC 3339)."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
