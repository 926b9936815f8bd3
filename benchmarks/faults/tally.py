"""What became of requests, or of lines of batches, while something went wrong."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

import httpx

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_END: Final = b"IEND\xae\x42\x60\x82"
_REFUSED: Final = {"busy", "closing", "over-share", "no-space"}
"""Problems of work that was not accepted."""
_GIVEN_BACK: Final = {"engine-unavailable", "timeout"}
"""Problems of work that was accepted and could not be done: the caller is told to ask again."""


@dataclass
class Tally:
    """Of all that was `sent` under a fault that came `times` times.

    What was accepted was `answered` as asked for, `given_back` with a problem that says when to ask
    again, or its caller `hung_up`. What was accepted and is none of these is lost; `lost` says how.
    `unheard` was not accepted either: the connection ended before the gateway had the request.
    """

    fault: str
    of: str
    times: int = 0
    refused: int = 0
    unheard: int = 0
    answered: int = 0
    given_back: int = 0
    hung_up: int = 0
    lost: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """All that was neither refused nor unheard."""
        return self.answered + self.given_back + self.hung_up + len(self.lost)

    @property
    def sent(self) -> int:
        """All that came to the gateway."""
        return self.accepted + self.refused + self.unheard

    def count(self, response: httpx.Response, size: tuple[int, int]) -> bool:
        """Count the answer to a picture of `size`, width and height; whether it is the picture."""
        if response.status_code == httpx.codes.OK:
            if png_size(response.content) == size:
                self.answered += 1
                return True
            self.lost.append("the answer is not the picture that was sent")
            return False
        problem = problem_of(response)
        told_when = int(response.headers.get("Retry-After", "0")) >= 1
        if problem in _REFUSED and told_when:
            self.refused += 1
        elif problem in _GIVEN_BACK and (told_when or problem == "timeout"):
            self.given_back += 1
        else:
            self.lost.append(f"{response.status_code} {problem}")
        return False


def problem_of(response: httpx.Response) -> str:
    """The type of the answer's problem, without what all begin with."""
    return str(response.json()["type"]).rpartition(":")[2]


def png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG that came whole; None for all else."""
    if not data.startswith(_PNG) or not data.endswith(_END):
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height
