"""The command `celmood`: the client's calls from a shell.

Results go to standard output, messages to standard error. A key for the gateway comes from the
environment alone (CELMOOD_API_KEY): arguments are seen by everybody on the machine. It exits with 0
when all went well, 1 when the service refused, 2 for a wrong call or an unusable file, 3 for no
connection.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx

from celmood._arguments import (
    FORMATS,
    SUFFIXES,
    UnwritableError,
    add_wishes,
    nothing_wrong,
)
from celmood._batch_command import add_batch
from celmood._calls import Format
from celmood._client import Celmood
from celmood._constants import DEFAULT_TIMEOUT, DEFAULT_URL, KEY_VARIABLE, URL_VARIABLE
from celmood._errors import ApiKeyError, CelmoodError, ConnectionFailedError, PictureError
from celmood._results import Face
from celmood._sheet_command import add_sheet
from celmood._version import __version__

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
NO_CONNECTION: Final = 3
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
"""The last two as shells count signals: 128 and SIGINT, SIGPIPE."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments` (those of the process by default); returns its exit code."""
    options = _parser().parse_args(arguments)
    wrong = options.wrong(options)
    if wrong is not None:
        options.parser.error(wrong)
    timeout = DEFAULT_TIMEOUT
    if options.timeout is not None:
        timeout = httpx.Timeout(options.timeout, connect=min(options.timeout, 5.0))
    try:
        with Celmood(base_url=options.url, timeout=timeout) as client:
            options.run(client, options)
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough. Python would try to flush it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except ConnectionFailedError as error:
        return _fail(str(error), NO_CONNECTION)
    except (PictureError, ApiKeyError, UnwritableError) as error:
        return _fail(str(error), USAGE)
    except CelmoodError as error:
        request = f" (request {error.request_id})" if error.request_id else ""
        return _fail(f"{error}{request}", REFUSED)
    except KeyboardInterrupt:
        return INTERRUPTED
    return OK


def _edit_is_wrong(options: argparse.Namespace) -> str | None:
    told = options.expression is not None or bool(options.set)
    if told == (options.reference is not None):
        return (
            "say which expression: --expression NAME, --set PARAMETER=VALUE, or both; "
            "or whose: --reference PICTURE"
        )
    return None


def _edit(client: Celmood, options: argparse.Namespace) -> None:
    expression: str | Mapping[str, float] | None = options.expression
    if options.set:
        expression = {**_preset(client, options.expression), **dict(options.set)}
    out: Path | None = options.out
    format: Format | None = options.format
    if format is None and out is not None:
        format = FORMATS.get(out.suffix.lower())
    result = client.edit(
        options.picture,
        expression=expression,
        reference=options.reference,
        intensity=options.intensity,
        faces=options.face or options.faces,
        format=format,
        quality=options.quality,
        model=options.model,
    )
    if out is None:
        suffix = SUFFIXES.get(result.format, f".{result.format}")
        out = options.picture.with_name(
            f"{options.picture.stem}-{options.expression or 'edited'}{suffix}"
        )
    try:
        result.save(out)
    except OSError as error:
        raise UnwritableError(f"{out} cannot be written: {error.strerror}") from error
    print(out)


def _preset(client: Celmood, name: str | None) -> Mapping[str, float]:
    """The parameters behind a name, from the model's card, so that single ones can be replaced."""
    if name is None:
        return {}
    for model in client.models():
        if name in model.presets:
            return model.presets[name]
    known = ", ".join(client.expressions())
    raise CelmoodError(
        f"--set changes the parameters of an expression, and no model here has them for {name!r}; "
        f"known are {known or 'none'}"
    )


def _faces(client: Celmood, options: argparse.Namespace) -> None:
    result = client.faces(options.picture)
    if options.json:
        faces = [_face(face) for face in result.faces]
        _print_json(
            {
                "width": result.width,
                "height": result.height,
                "faces": faces,
                "timings": dict(result.timings),
            }
        )
        return
    for face in result.faces:
        box = ",".join(f"{value:.0f}" for value in face.box)
        shown = max(face.expression, key=face.expression.__getitem__, default="")
        print(f"{box}  score {face.score:.2f}  {shown}".rstrip())
    if not result.faces:
        print("no face found", file=sys.stderr)


def _face(face: Face) -> dict[str, object]:
    landmarks = {name: list(point) for name, point in face.landmarks.items()}
    return {
        "box": list(face.box),
        "score": face.score,
        "landmarks": landmarks,
        "expression": dict(face.expression),
        "attributes": dict(face.attributes),
        "parameters": dict(face.parameters),
    }


def _models(client: Celmood, options: argparse.Namespace) -> None:
    models = client.models()
    if options.json:
        _print_json([model.card for model in models])
        return
    for model in models:
        print(f"{model.name} {model.version}  {model.task}  {model.description}")
        if model.expressions:
            print(f"  {', '.join(model.expressions)}")


def _parser() -> argparse.ArgumentParser:
    service = argparse.ArgumentParser(add_help=False)
    service.add_argument(
        "--url", help=f"address of the gateway (else {URL_VARIABLE}, else {DEFAULT_URL})"
    )
    service.add_argument(
        "--timeout",
        type=_positive,
        metavar="SECONDS",
        help="longest wait for an answer (60); the gateway is told",
    )

    parser = argparse.ArgumentParser(
        prog="celmood",
        description="Give an anime face another expression.",
        epilog=f"{KEY_VARIABLE} holds the key where the gateway asks for one.",
    )
    parser.add_argument("--version", action="version", version=f"celmood {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    edit = commands.add_parser(
        "edit", parents=[service], help="write a picture with another expression"
    )
    edit.set_defaults(run=_edit, wrong=_edit_is_wrong, parser=edit)
    edit.add_argument("picture", type=Path, help="PNG, JPEG or WebP")
    edit.add_argument("-e", "--expression", metavar="NAME", help="one that `celmood models` lists")
    edit.add_argument(
        "--reference", type=Path, metavar="PICTURE", help="take the expression of the face in it"
    )
    edit.add_argument(
        "--set",
        type=_assignment,
        action="append",
        default=[],
        metavar="PARAMETER=VALUE",
        help="set one parameter of the face, alone or on top of --expression, or blend: the weight "
        "of an expression (--set happy=0.5 --set angry=0.5); may be repeated",
    )
    add_wishes(edit)
    edit.add_argument("-o", "--out", type=Path, help="file to write (PICTURE-NAME.png beside it)")

    faces = commands.add_parser("faces", parents=[service], help="list the faces in a picture")
    faces.set_defaults(run=_faces, wrong=nothing_wrong)
    faces.add_argument("picture", type=Path, help="PNG, JPEG or WebP")
    faces.add_argument(
        "--json", action="store_true", help="with landmarks, what they show, and timings"
    )

    add_sheet(commands, service)
    add_batch(commands, service)

    models = commands.add_parser("models", parents=[service], help="list what the gateway serves")
    models.set_defaults(run=_models, wrong=nothing_wrong)
    models.add_argument("--json", action="store_true", help="the whole cards")
    return parser


def _assignment(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        if name and equals:
            return name, float(value)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not PARAMETER=VALUE, such as blush=0.5")


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _fail(message: str, code: int) -> int:
    print(f"celmood: {message}", file=sys.stderr)
    return code
