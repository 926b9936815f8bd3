"""Third-party files by name: where they come from, what their digest is, under which licence.

A file is looked for in the folders of `CELMOOD_ASSETS`, then in the cache, then fetched. Nothing
is used before its sha256 has been checked. What a file means is left to those who ask for it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO, Final
from urllib.error import HTTPError

TIMEOUT_S: Final = 30.0


class AssetError(Exception):
    """A third-party file that cannot be had; the message says what to do.

    AssetError
      UnknownAssetError
      AssetDigestError
      AssetOfflineError
    """


class UnknownAssetError(AssetError):
    """No asset has this name. `known` lists the names that exist."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown asset {name!r}; known are {', '.join(known)}")
        self.name = name
        self.known = known


class AssetDigestError(AssetError):
    """A file has another sha256 than the asset of its name."""


class AssetOfflineError(AssetError):
    """The file is in none of the folders and could not be fetched."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that others publish; `size` is in bytes."""

    name: str
    url: str
    licence: str
    sha256: str
    size: int


ASSETS: Final[dict[str, Asset]] = {
    asset.name: asset
    for asset in (
        Asset(
            name="lbpcascade_animeface.xml",
            url="https://raw.githubusercontent.com/nagadomi/lbpcascade_animeface/master/"
            "lbpcascade_animeface.xml",
            licence="MIT",
            sha256="9376d30ac38db6bda2a68b88b3b76bbd7e6aa33af47f7f5c76bc88ca75f1ce30",
            size=246_945,
        ),
        Asset(
            name="vgg19-dcbb9e9d.pth",
            url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
            licence="BSD-3-Clause (torchvision); the weights were trained on ImageNet",
            sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
            size=574_673_361,
        ),
    )
}


def asset_path(name: str) -> Path:
    """The checked file of the asset `name`, fetched into the cache when no folder has it.

    Raises UnknownAssetError, AssetDigestError or AssetOfflineError.
    """
    asset = _asset(name)
    return find(asset) or fetch(asset)


def asset_at_hand(name: str) -> Path | None:
    """The checked file of the asset `name` if a folder or the cache has it; never fetches.

    Raises UnknownAssetError or AssetDigestError.
    """
    return find(_asset(name))


def find(asset: Asset) -> Path | None:
    """The file in the first folder of `CELMOOD_ASSETS`, or in the cache, that has it.

    Raises AssetDigestError when the first one found has another digest.
    """
    for folder in (*_given_folders(), cache_folder()):
        path = folder / asset.name
        if path.is_file():
            _check(asset, path, f"replace the file, or delete it and have it fetched: {asset.url}")
            return path
    return None


def fetch(asset: Asset) -> Path:
    """Download `asset` into the cache: written beside, checked, renamed.

    Raises AssetOfflineError when it cannot be fetched, AssetDigestError when it is another file.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f"{asset.name}.", suffix=".part", dir=folder)
    part = Path(beside)
    try:
        try:
            with os.fdopen(handle, "wb") as file:
                _download(asset.url, file)
        except (OSError, HTTPException) as error:
            places = " or ".join(str(place) for place in (*_given_folders(), folder))
            raise AssetOfflineError(
                f"{asset.name} is not on this machine and could not be fetched from {asset.url} "
                f"({error}); fetch it elsewhere and put it as {asset.name} into {places}, or name "
                "its folder in CELMOOD_ASSETS"
            ) from error
        _check(asset, part, f"{asset.url} gave another file; fetch {asset.name} from elsewhere")
        part.chmod(0o644)
        return part.replace(folder / asset.name)
    finally:
        part.unlink(missing_ok=True)


def cache_folder() -> Path:
    """`CELMOOD_CACHE`, or `celmood` in the user's cache folder (XDG)."""
    if own := os.environ.get("CELMOOD_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "celmood"


def _asset(name: str) -> Asset:
    if name not in ASSETS:
        raise UnknownAssetError(name, tuple(ASSETS))
    return ASSETS[name]


def _given_folders() -> tuple[Path, ...]:
    named = os.environ.get("CELMOOD_ASSETS", "").split(os.pathsep)
    return tuple(Path(folder) for folder in named if folder)


def _download(url: str, file: BinaryIO) -> None:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            shutil.copyfileobj(answer, file)
            expected = int(answer.headers.get("Content-Length") or file.tell())
    except HTTPError as error:
        error.close()
        raise
    if file.tell() < expected:
        raise ConnectionError(f"the connection ended after {file.tell()} of {expected} bytes")


def _check(asset: Asset, path: Path, advice: str) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != asset.sha256:
        raise AssetDigestError(
            f"{path} ({path.stat().st_size:,} bytes, sha256 {digest[:12]}) is not {asset.name} "
            f"({asset.size:,} bytes, sha256 {asset.sha256[:12]}); {advice}"
        )
