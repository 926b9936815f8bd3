"""Pictures on their way to the gateway and back to disk: bytes in, whole files out."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import BinaryIO

from celmood._errors import PictureError

Picture = str | os.PathLike[str] | bytes | BinaryIO
"""A path, the bytes of a picture file, or a file open for reading in binary mode."""


def read_picture(image: Picture) -> bytes:
    """The bytes of `image`; they are not decoded here. Raises PictureError if it is unreadable."""
    if isinstance(image, (bytes, bytearray, memoryview)):
        return bytes(image)
    if isinstance(image, (str, os.PathLike)):
        path = Path(image)
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise PictureError(f"no picture at {path}") from error
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise PictureError(f"the picture {path} cannot be read: {reason}") from error
    if not hasattr(image, "read"):
        raise PictureError(
            f"a picture is a path, bytes or an open file, not {type(image).__name__}"
        )
    content = image.read()
    if not isinstance(content, bytes):
        raise PictureError("the file is open in text mode; open it with mode 'rb'")
    return content


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` beside `path` and rename it there, so that no one sees half a file."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
