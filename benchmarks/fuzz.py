"""`python -m benchmarks.fuzz`: damaged pictures by the thousand, and whether each gets an answer.

PNG, JPEG and WebP files of several kinds, with bytes changed, cut, doubled and moved. Every one has
to be edited or refused: an error of the server, or no answer in time, is a fault.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from PIL import Image

from benchmarks import command
from benchmarks.endurance import send_all
from benchmarks.gateway import GatewayError, running_gateway
from benchmarks.wire import bytes_of, edit_request

_PATIENCE_S: Final = 60.0
_SIDE: Final = 320
_HEAD: Final = 256
"""Half of the changes are made in so many first bytes, where formats say what they are."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Send the pictures; returns the exit code, 1 when one of them met a fault."""
    options = _parser().parse_args(arguments)
    try:
        originals = kinds(options.picture.read_bytes())
        with running_gateway(options.model_repository) as gateway:

            def request_of(number: int) -> tuple[bytes, float]:
                data = damaged(originals, number + options.first)
                request = edit_request(gateway.url, data, options.expression)
                return bytes_of(request), _PATIENCE_S

            answers, samples, seconds = asyncio.run(
                send_all(gateway, request_of, options.pictures, options.callers)
            )
    except (OSError, ValueError, GatewayError) as error:
        print(error, file=sys.stderr)
        return 1
    faults = _faults(answers)
    report = {
        "pictures": options.pictures,
        "seconds": seconds,
        "statuses": {str(status): count for status, count in sorted(answers.items())},
        "faults": faults,
        "resident_bytes": samples,
    }
    command.write_report(options.out, report)
    told = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
    print(f"{options.pictures} damaged pictures in {seconds:.0f} s: {told}; {faults} faults")
    print(f"resident memory at most {max(samples) / 1e6:.0f} MB; written to {options.out}")
    return 1 if faults else 0


def _faults(answers: Counter[int]) -> int:
    """Answers that never came, and errors of the server but the one that says come again."""
    return sum(
        n for status, n in answers.items() if status == 0 or (status >= 500 and status != 503)
    )


def kinds(picture: bytes) -> list[bytes]:
    """One small picture as files of many kinds."""
    image = Image.open(io.BytesIO(picture)).convert("RGBA").resize((_SIDE, _SIDE))
    plain = image.convert("RGB")
    deep = Image.fromarray(np.asarray(plain.convert("L"), np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    ways: list[tuple[Image.Image, str, dict[str, Any]]] = [
        (image, "PNG", {}),
        (plain.quantize(64), "PNG", {}),
        (deep, "PNG", {}),
        (plain, "JPEG", {"exif": exif}),
        (plain, "JPEG", {"progressive": True}),
        (plain.convert("CMYK"), "JPEG", {}),
        (image, "WEBP", {"lossless": True}),
        (image, "WEBP", {"exif": exif}),
    ]
    return [_saved(*way) for way in ways]


def _saved(image: Image.Image, format: str, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def damaged(originals: Sequence[bytes], seed: int) -> bytes:
    """One of the files with one to eight changes; the same for the same seed."""
    rng = np.random.default_rng(seed)
    data = bytearray(originals[seed % len(originals)])
    for _ in range(rng.integers(1, 9)):
        _CHANGES[rng.integers(len(_CHANGES))](data, rng)
    return bytes(data)


def _place(data: bytearray, rng: np.random.Generator) -> int:
    near = _HEAD if rng.random() < 0.5 else len(data)
    return int(rng.integers(0, max(1, min(near, len(data)))))


def _flip(data: bytearray, rng: np.random.Generator) -> None:
    if data:
        data[_place(data, rng)] ^= 1 << int(rng.integers(8))


def _overwrite(data: bytearray, rng: np.random.Generator) -> None:
    place, length = _place(data, rng), int(rng.integers(1, 9))
    extreme = bytes([rng.choice([0, 1, 127, 128, 255])]) * length
    data[place : place + length] = extreme if rng.random() < 0.5 else rng.bytes(length)


def _cut(data: bytearray, rng: np.random.Generator) -> None:
    place = _place(data, rng)
    del data[place : place + int(rng.integers(1, 65))]


def _end(data: bytearray, rng: np.random.Generator) -> None:
    if rng.random() < 0.25:
        del data[int(rng.integers(0, len(data) + 1)) :]


def _double(data: bytearray, rng: np.random.Generator) -> None:
    place, length = _place(data, rng), int(rng.integers(1, 1025))
    there = _place(data, rng)
    data[there:there] = data[place : place + length]


_CHANGES: Final[list[Callable[[bytearray, np.random.Generator], None]]] = [
    _flip,
    _overwrite,
    _cut,
    _end,
    _double,
]


def _parser() -> argparse.ArgumentParser:
    parser = command.parser("benchmarks.fuzz", __doc__)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first picture")
    parser.add_argument("--callers", type=int, default=4)
    return parser


if __name__ == "__main__":
    sys.exit(main())
