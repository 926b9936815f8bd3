"""What the commands share: arguments checked as they are read, and refusals in one sentence."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from typing import Final, ParamSpec

from contract.expression import MAX_INTENSITY

_OURS: Final = ("contract", "engines", "faces", "trainer", "export")
"""Errors of these packages are typed, and their message is a sentence for the caller."""

Parameters = ParamSpec("Parameters")


class CommandError(ValueError):
    """A command that was called in a way that cannot be carried out; the message says which."""


def refusals_told(command: Callable[Parameters, int]) -> Callable[Parameters, int]:
    """`command`, which returns 2 after one sentence on stderr where it raises an error of ours or
    of the file system. Any other error is a fault of the code, and keeps its traceback."""

    @functools.wraps(command)
    def told(*args: Parameters.args, **kwargs: Parameters.kwargs) -> int:
        try:
            return command(*args, **kwargs)
        except OSError as error:
            place = f"{error.filename}: " if error.filename is not None else ""
            print(f"error: {place}{error.strerror or error}", file=sys.stderr)
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in _OURS:
                raise
            print(f"error: {error}", file=sys.stderr)
        return 2

    return told


def at_least(least: int) -> Callable[[str], int]:
    """The type of an argument that is a whole number from `least` to the largest that a label in
    64 bits holds."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and least <= int(text) < 2**62):
            raise argparse.ArgumentTypeError(
                f"{text!r} does not do: give a whole number from {least}"
            )
        return int(text)

    return read


def between(low: float, high: float) -> Callable[[str], float]:
    """The type of an argument that is a number from `low` to `high`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"{text!r} does not do: give a number from {low:g} to {high:g}"
            )
        return value

    return read


intensity: Final = between(0.0, MAX_INTENSITY)
"""The type of an argument that says how strong an expression is."""
