"""`celmood batch`: many pictures, done by the gateway while nobody waits."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections import Counter
from pathlib import Path

from celmood._arguments import SUFFIXES, add_wishes, write
from celmood._batches import Batch, BatchResult
from celmood._client import Celmood
from celmood._errors import CelmoodError
from celmood._results import EditResult


class FailedLinesError(CelmoodError):
    """Some pictures of the batch could not be done."""


def add_batch(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], service: argparse.ArgumentParser
) -> None:
    """Add the subcommand."""
    batch = commands.add_parser(
        "batch", parents=[service], help="many pictures as one job of the gateway"
    )
    batch.set_defaults(run=_batch, wrong=_wrong, parser=batch)
    batch.add_argument("pictures", type=Path, nargs="*", help="PNG, JPEG or WebP")
    batch.add_argument(
        "-e",
        "--expression",
        action="append",
        default=[],
        metavar="NAME",
        help="one that every picture is wanted with; may be repeated",
    )
    add_wishes(batch)
    batch.add_argument(
        "-o", "--out", type=Path, default=Path(), metavar="FOLDER", help="for the results (.)"
    )
    batch.add_argument("--no-wait", action="store_true", help="send it, print its id, and end")
    batch.add_argument("--webhook", metavar="URL", help="called when it has ended")
    other = batch.add_mutually_exclusive_group()
    other.add_argument("--resume", metavar="ID", help="write the results of a batch sent before")
    other.add_argument("--status", metavar="ID", help="say how far a batch is")
    other.add_argument("--cancel", metavar="ID", help="end a batch")


def _wrong(options: argparse.Namespace) -> str | None:
    known = options.resume or options.status or options.cancel
    if known:
        given = options.pictures or options.expression
        return "a batch that was sent takes no more pictures or expressions" if given else None
    if not (options.pictures and options.expression):
        return "say which pictures, and which expressions: PICTURE ... --expression NAME"
    names = Counter(_name(path, name) for path, name in _wanted(options))
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        return (
            f"{twice[0]} would be written twice: send pictures of one name in batches of their own"
        )
    return None


def _wanted(options: argparse.Namespace) -> list[tuple[Path, str]]:
    """Each picture with each expression."""
    return list(itertools.product(options.pictures, dict.fromkeys(options.expression)))


def _name(path: Path, expression: str) -> str:
    """What a result is called, without its suffix."""
    return f"{path.stem}-{expression}"[-128:]


def _batch(client: Celmood, options: argparse.Namespace) -> None:
    if options.status or options.cancel:
        _tell(
            client.cancel_batch(options.cancel) if options.cancel else client.batch(options.status)
        )
        return
    id: str | None = options.resume
    if id is None:
        batch = client.send_batch(_lines(options), webhook=options.webhook)
        if options.no_wait:
            print(batch.id)
            return
        id = batch.id
        told = f"celmood: batch {id} of {batch.total}; `celmood batch --resume {id}` resumes it"
        print(told, file=sys.stderr, flush=True)
    failed = sum([not _write(result, options.out) for result in client.follow_batch(id)])
    ended = client.batch(id)
    if failed or ended.dropped:
        raise FailedLinesError(f"of {ended.total} pictures {failed + ended.dropped} were not done")


def _lines(options: argparse.Namespace) -> list[dict[str, object]]:
    """One line for each picture and expression; its id is the name of the file to come."""
    wishes = {
        "intensity": options.intensity,
        "faces": options.face or options.faces,
        "format": options.format,
        "quality": options.quality,
        "model": options.model,
    }
    given = {name: value for name, value in wishes.items() if value is not None}
    return [
        {"image": path, "expression": name, "id": _name(path, name), **given}
        for path, name in _wanted(options)
    ]


def _write(result: BatchResult, folder: Path) -> bool:
    """Write a result, or say why there is none; whether it was written."""
    # The id names the file. Whoever sent the batch may have named others: no path is taken from it.
    name = Path(result.id or "").name or f"line-{result.line}"
    if isinstance(result.result, EditResult):
        suffix = SUFFIXES.get(result.result.format, f".{result.result.format}")
        write(folder / f"{name}{suffix}", result.result.image)
        return True
    why = result.error or "its result is no picture"
    print(f"celmood: {name}: {why}", file=sys.stderr, flush=True)
    return False


def _tell(batch: Batch) -> None:
    print(
        f"{batch.id}  {batch.status}  {batch.succeeded} done, {batch.failed} failed, "
        f"{batch.running} running, {batch.waiting} waiting, {batch.dropped} dropped"
    )
