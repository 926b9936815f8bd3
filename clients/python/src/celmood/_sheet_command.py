"""`celmood sheet`: one picture, every expression."""

from __future__ import annotations

import argparse
from pathlib import Path

from celmood._arguments import FORMATS, SUFFIXES, add_wishes, write
from celmood._client import Celmood


def add_sheet(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], service: argparse.ArgumentParser
) -> None:
    """Add the subcommand."""
    sheet = commands.add_parser(
        "sheet", parents=[service], help="write a picture with every expression, or all in one grid"
    )
    sheet.set_defaults(run=_sheet, wrong=_wrong, parser=sheet)
    sheet.add_argument("picture", type=Path, help="PNG, JPEG or WebP")
    sheet.add_argument(
        "-e",
        "--expression",
        action="append",
        metavar="NAME",
        help="one of those wanted; may be repeated (all of the model)",
    )
    add_wishes(sheet)
    sheet.add_argument(
        "-o", "--out", type=Path, metavar="FOLDER", help="for the pictures (beside the picture)"
    )
    sheet.add_argument(
        "--grid", type=Path, metavar="FILE", help="one picture with all of them, instead"
    )
    sheet.add_argument(
        "--columns", type=int, metavar="N", help="of the grid (about as many as rows)"
    )
    sheet.add_argument(
        "--cell", type=int, metavar="PIXELS", help="longer side of each in the grid, at most (512)"
    )


def _wrong(options: argparse.Namespace) -> str | None:
    if options.grid is None and (options.columns or options.cell):
        return "--columns and --cell are of a grid: add --grid FILE"
    if options.grid is not None and options.out is not None:
        return "say either --grid FILE or --out FOLDER"
    return None


def _sheet(client: Celmood, options: argparse.Namespace) -> None:
    picture: Path = options.picture
    wishes = {
        "expressions": options.expression,
        "intensity": options.intensity,
        "faces": options.face or options.faces,
        "quality": options.quality,
        "model": options.model,
    }
    if options.grid is not None:
        format = options.format or FORMATS.get(options.grid.suffix.lower())
        grid = client.grid(
            picture, columns=options.columns, cell=options.cell, format=format, **wishes
        )
        write(options.grid, grid.image)
        return
    sheet = client.sheet(picture, format=options.format, **wishes)
    folder: Path = options.out or picture.parent
    suffix = SUFFIXES.get(sheet.format, f".{sheet.format}")
    for drawn in sheet.pictures:
        write(folder / f"{picture.stem}-{drawn.expression}{suffix}", drawn.image)
