"""`python -m serving keys`: make, list, rotate and revoke the keys of the gateway.

A key is shown once, when it is made; the file keeps a digest of it. A gateway that runs takes up
changes within a second.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from serving.security.keys import Key, digest_of, id_of, new_token
from serving.security.scopes import SCOPES
from serving.security.store import KeyFileError, changed_keys, read_keys

_VARIABLE: Final = "CELMOOD_KEYS"
_DEFAULT_SCOPES: Final = "faces,edit,batches,models"
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


class _UsageError(ValueError):
    """What was asked for cannot be done."""


def main(arguments: list[str]) -> int:
    """Run the command; returns its exit code: 0, or 2 where nothing was changed."""
    options = _parser().parse_args(arguments)
    try:
        if options.file is None:
            raise _UsageError(f"name the file of the keys with --file or {_VARIABLE}")
        run: Callable[[argparse.Namespace], None] = options.run
        run(options)
    except ValidationError as error:
        first = error.errors()[0]
        return _fail(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    except (_UsageError, KeyFileError) as error:
        return _fail(str(error))
    return 0


def _make(options: argparse.Namespace) -> None:
    token, now = new_token(), _now()
    begins = now + options.begins if options.begins else None
    key = Key(
        id=id_of(token) or "",
        tenant=options.tenant,
        digest=digest_of(token),
        scopes=tuple(scope.strip() for scope in options.scopes.split(",")),
        created=now,
        not_before=begins,
        expires=(begins or now) + options.expires if options.expires else None,
        rate=options.rate,
        quota=options.quota,
        note=options.note,
    )
    with changed_keys(options.file) as keys:
        keys[key.id] = key
    _show_once(token)


def _rotate(options: argparse.Namespace) -> None:
    token, now = new_token(), _now()
    with changed_keys(options.file) as keys:
        old = _known(keys, options.id)
        refusal = old.refusal(now)
        if refusal is not None and not refusal.startswith("holds only"):
            raise _UsageError(f"{old.id} {refusal}; make a new key instead")
        life = old.expires - (old.not_before or old.created) if old.expires else None
        until = min(now + options.overlap, old.expires or datetime.max.replace(tzinfo=UTC))
        new = old.model_copy(
            update={
                "id": id_of(token),
                "digest": digest_of(token),
                "created": now,
                "not_before": None,
                "expires": now + life if life else None,
            }
        )
        keys[old.id] = old.model_copy(update={"expires": until})
        keys[new.id] = new
    print(f"{old.id} holds until {until:%Y-%m-%d %H:%M} UTC", file=sys.stderr)
    _show_once(token)


def _revoke(options: argparse.Namespace) -> None:
    with changed_keys(options.file) as keys:
        key = _known(keys, options.id)
        keys[key.id] = key.model_copy(update={"revoked": key.revoked or _now()})
    print(f"{key.id} of {key.tenant} is revoked", file=sys.stderr)


def _list(options: argparse.Namespace) -> None:
    now = _now()
    for key in read_keys(options.file).values():
        until = f"until {key.expires:%Y-%m-%d %H:%M}" if key.expires else "holds"
        limits = "  ".join(limit for limit in (key.rate, key.quota) if limit)
        facts = (key.id, key.tenant, ",".join(key.scopes), key.refusal(now) or until, limits)
        print("  ".join(fact for fact in (*facts, key.note) if fact))


def _known(keys: dict[str, Key], id: str) -> Key:
    if id not in keys:
        raise _UsageError(f"no key has the id {id!r}; `keys list` shows those there are")
    return keys[id]


def _show_once(token: str) -> None:
    print("keep this key safe, it is not shown again:", file=sys.stderr)
    print(token)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m serving keys",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    file = argparse.ArgumentParser(add_help=False)
    default = os.environ.get(_VARIABLE)
    file.add_argument(
        "--file",
        type=Path,
        default=Path(default) if default else None,
        help=f"of the keys (else {_VARIABLE})",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    make = commands.add_parser("make", parents=[file], help="make a key and show it")
    make.set_defaults(run=_make)
    make.add_argument("--tenant", required=True, help="whose key it is; one may have several")
    make.add_argument(
        "--scopes", default=_DEFAULT_SCOPES, help=f"of {','.join(SCOPES)} ({_DEFAULT_SCOPES})"
    )
    make.add_argument("--begins", type=_span, metavar="SPAN", help="in 30m, 12h or 7d (now)")
    make.add_argument("--expires", type=_span, metavar="SPAN", help="after 30m, 12h, 90d (never)")
    make.add_argument("--rate", metavar="LIMIT", help="such as 600/minute (that of the gateway)")
    make.add_argument("--quota", metavar="LIMIT", help="such as 10000/day (that of the gateway)")
    make.add_argument("--note", default="", help="for those who read the list")

    rotate = commands.add_parser("rotate", parents=[file], help="make a key in place of another")
    rotate.set_defaults(run=_rotate)
    rotate.add_argument("id")
    rotate.add_argument(
        "--overlap",
        type=_span,
        default=timedelta(days=7),
        metavar="SPAN",
        help="how long the old one holds beside it (7d)",
    )

    revoke = commands.add_parser("revoke", parents=[file], help="have a key hold no more, now")
    revoke.set_defaults(run=_revoke)
    revoke.add_argument("id")

    listing = commands.add_parser(
        "list", parents=[file], help="show all keys, but not their secrets"
    )
    listing.set_defaults(run=_list)
    return parser


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([mhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a span such as 30m, 12h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _fail(message: str) -> int:
    print(f"celmood: {message}", file=sys.stderr)
    return 2
