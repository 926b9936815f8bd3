"""What several subcommands of `celmood` share: their types of arguments, and where results go."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from celmood._calls import Format
from celmood._errors import CelmoodError
from celmood._pictures import write_whole

FORMATS: Final[dict[str, Format]] = {
    ".png": "png",
    ".webp": "webp",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
}
SUFFIXES: Final[dict[str, str]] = {"png": ".png", "webp": ".webp", "jpeg": ".jpg"}


class UnwritableError(CelmoodError):
    """The result has no place."""


def write(path: Path, content: bytes) -> None:
    """Write the whole file and say its name; the folder is made. Raises UnwritableError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise UnwritableError(f"{path} cannot be written: {error.strerror}") from error
    print(path, flush=True)


def box(text: str) -> tuple[float, float, float, float]:
    """`X,Y,WIDTH,HEIGHT` in pixels."""
    try:
        x, y, width, height = map(float, text.split(","))
    except ValueError:
        message = f"{text!r} is not X,Y,WIDTH,HEIGHT in pixels"
        raise argparse.ArgumentTypeError(message) from None
    return x, y, width, height


def nothing_wrong(_: argparse.Namespace) -> None:
    """For a subcommand whose every call makes sense."""


def add_wishes(parser: argparse.ArgumentParser) -> None:
    """The options that all edits have: intensity, faces, model, format, quality."""
    parser.add_argument("--intensity", type=float, metavar="0-1.5", help="how much of it (1)")
    faces = parser.add_mutually_exclusive_group()
    faces.add_argument(
        "--faces", choices=("all", "largest"), help="which faces, if there are several (all)"
    )
    faces.add_argument(
        "--face",
        type=box,
        action="append",
        metavar="X,Y,WIDTH,HEIGHT",
        help="where a face is, hairline to chin, as `celmood faces` lists it; may be repeated",
    )
    parser.add_argument("--model", metavar="NAME", help="which of several that edit expressions")
    parser.add_argument("--format", choices=tuple(SUFFIXES), help="of the result (as the input)")
    parser.add_argument("--quality", type=int, metavar="1-100", help="of JPEG and WebP")
