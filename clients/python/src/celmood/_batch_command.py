"""`celmood batch`: many pictures, done by the gateway while nobody waits."""

from __future__ import annotations

import argparse
import sys
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
    batch.set_defaults(run=_batch)
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


def check_batch(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """That a call of this subcommand makes sense; ends with its usage if not."""
    if options.run is not _batch:
        return
    known = options.resume or options.status or options.cancel
    if known and (options.pictures or options.expression):
        parser.error("a batch that was sent takes no more pictures or expressions")
    if not known and not (options.pictures and options.expression):
        parser.error("say which pictures, and which expressions: PICTURE ... --expression NAME")


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
        told = f"celmood: batch {id}, {batch.total} pictures; `celmood batch --resume {id}` goes on"
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
        {"image": path, "expression": name, "id": f"{path.stem}-{name}"[-128:], **given}
        for path in options.pictures
        for name in options.expression
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
