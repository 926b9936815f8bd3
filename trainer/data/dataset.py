"""The data set on disk: the same character under several expressions, with exact labels.

A folder with `dataset.json`, `pictures.npy` (memory-mapped) and `labels.npz`. `Writer` appends one
character at a time and makes the folder appear only when it is complete; `Dataset` reads it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from contract import expression
from contract.labels import ATTRIBUTES, EYE_COLOURS, HAIR_COLOURS, LANDMARKS, TAGS

DATASET_VERSION: Final = 1

_VOCABULARIES: Final[dict[str, tuple[str, ...]]] = {
    "parameters": expression.NAMES,
    "expressions": expression.EXPRESSIONS,
    "landmarks": LANDMARKS,
    "attributes": ATTRIBUTES,
    "hair": HAIR_COLOURS,
    "eyes": EYE_COLOURS,
    "tags": TAGS,
}


class DatasetError(ValueError):
    """A data set that cannot be read or written; the message names it and says what to do."""


class DatasetVersionError(DatasetError):
    """The data set was written for another version, or with other vocabularies."""


class TruncatedDatasetError(DatasetError):
    """Files of the data set are shorter than its description says."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of N characters with V expressions each (or of one, without the leading N)."""

    vectors: NDArray[np.float32]
    """[N,V,31] expression vectors, in the units of `contract.expression`."""
    presets: NDArray[np.int64]
    """[N,V] index into EXPRESSIONS; -1 where the vector is no variation of a preset."""
    landmarks: NDArray[np.float32]
    """[N,V,27,2] x, y in pixels of the stored picture."""
    attributes: NDArray[np.float32]
    """[N,V,8] amount of each of ATTRIBUTES, 0 to 1."""
    hair: NDArray[np.int64]
    """[N] index into HAIR_COLOURS."""
    eyes: NDArray[np.int64]
    """[N] index into EYE_COLOURS (the left eye's, if they differ)."""
    tags: NDArray[np.uint8]
    """[N,V,59] 0 or 1 per tag."""
    seeds: NDArray[np.int64]
    """[N] the seed that draws the character."""


_PER_CHARACTER: Final[dict[str, tuple[type[np.generic], tuple[int, ...]]]] = {
    "vectors": (np.float32, (-1, expression.SIZE)),
    "presets": (np.int64, (-1,)),
    "landmarks": (np.float32, (-1, len(LANDMARKS), 2)),
    "attributes": (np.float32, (-1, len(ATTRIBUTES))),
    "hair": (np.int64, ()),
    "eyes": (np.int64, ()),
    "tags": (np.uint8, (-1, len(TAGS))),
    "seeds": (np.int64, ()),
}
"""Type and shape of each label of one character; -1 stands for V."""


class Writer:
    """Write a data set character by character.

    Use it as a context manager: files grow in `FOLDER.partial`, which takes the name FOLDER when
    the block ends well and is removed when it does not. Raises DatasetError when FOLDER exists.
    """

    def __init__(
        self,
        folder: Path,
        *,
        views: int,
        size: int,
        notes: Mapping[str, str | int | float] | None = None,
    ) -> None:
        if folder.exists():
            raise DatasetError(f"{folder} exists already; choose another folder or remove it")
        self.folder = folder
        self.views = views
        self.size = size
        self.notes = dict(notes or {})
        self._partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir(parents=True)
        self._pictures = (self._partial / "pictures.npy").open("w+b")
        self._header_bytes = self._write_header(0)
        self._labels: dict[str, list[NDArray[Any]]] = {name: [] for name in _PER_CHARACTER}

    def __len__(self) -> int:
        return len(self._labels["seeds"])

    def append(self, pictures: NDArray[np.uint8], labels: Labels) -> None:
        """Add one character: pictures [V,S,S,3] uint8 sRGB and its labels without the N axis."""
        expected = (self.views, self.size, self.size, 3)
        if pictures.shape != expected or pictures.dtype != np.uint8:
            raise DatasetError(
                f"pictures are {pictures.dtype} {pictures.shape}, this data set takes uint8 "
                f"{expected}"
            )
        rows: dict[str, NDArray[Any]] = {}
        for name, (kind, shape) in _PER_CHARACTER.items():
            row = np.asarray(getattr(labels, name), kind)
            if row.shape != _with_views(shape, self.views):
                raise DatasetError(
                    f"label {name} has shape {row.shape}, not {_with_views(shape, self.views)}"
                )
            rows[name] = row
        self._pictures.write(np.ascontiguousarray(pictures).data)
        for name, row in rows.items():
            self._labels[name].append(row)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._pictures.close()
            shutil.rmtree(self._partial, ignore_errors=True)
            return
        self._finish()

    def _finish(self) -> None:
        count = len(self)
        if count == 0:
            self._pictures.close()
            shutil.rmtree(self._partial, ignore_errors=True)
            raise DatasetError(f"{self.folder} would be empty: no character was appended")
        self._pictures.seek(0)
        if self._write_header(count) != self._header_bytes:
            raise DatasetError("the header of pictures.npy has grown over the first picture")
        self._pictures.close()
        columns = {name: np.stack(rows) for name, rows in self._labels.items()}
        np.savez(self._partial / "labels.npz", allow_pickle=False, **columns)
        seeds = columns["seeds"]
        description = {
            "version": DATASET_VERSION,
            "characters": count,
            "views": self.views,
            "size": self.size,
            "seeds": [int(seeds.min()), int(seeds.max())],
            "notes": self.notes,
            **{name: list(words) for name, words in _VOCABULARIES.items()},
        }
        text = json.dumps(description, indent=1, ensure_ascii=False) + "\n"
        (self._partial / "dataset.json").write_text(text, encoding="utf-8")
        self._partial.rename(self.folder)

    def _write_header(self, count: int) -> int:
        """Write the .npy header for `count` characters; numpy leaves room for N to grow."""
        np.lib.format.write_array_header_1_0(
            self._pictures,
            {
                "descr": "|u1",
                "fortran_order": False,
                "shape": (count, self.views, self.size, self.size, 3),
            },
        )
        return self._pictures.tell()


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set that is open: pictures [N,V,S,S,3] uint8, read from disk as they are touched."""

    folder: Path
    pictures: NDArray[np.uint8]
    labels: Labels
    description: dict[str, Any]

    @property
    def characters(self) -> int:
        """N, the number of characters."""
        return int(self.pictures.shape[0])

    @property
    def views(self) -> int:
        """V, the number of pictures of each character."""
        return int(self.pictures.shape[1])

    @property
    def size(self) -> int:
        """S, the side of the pictures in pixels."""
        return int(self.pictures.shape[2])

    @classmethod
    def open(cls, folder: Path) -> Dataset:
        """Open the data set in `folder`.

        Raises DatasetError when it is missing or damaged, DatasetVersionError when this release
        cannot read it, TruncatedDatasetError when pictures or labels are missing.
        """
        description = _describe(folder)
        shape = tuple(description[key] for key in ("characters", "views", "size"))
        expected = (*shape, shape[-1], 3)
        try:
            pictures = np.load(folder / "pictures.npy", mmap_mode="r")
            with (folder / "labels.npz").open("rb") as stream, np.load(stream) as archive:
                columns = {name: archive[name] for name in _PER_CHARACTER}
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise TruncatedDatasetError(
                f"{folder} is incomplete ({error}); draw or copy it again"
            ) from error
        if pictures.shape != expected or pictures.dtype != np.uint8:
            raise TruncatedDatasetError(
                f"{folder}/pictures.npy is {pictures.dtype} {pictures.shape}, its description says "
                f"uint8 {expected}; draw or copy it again"
            )
        for name, (kind, tail) in _PER_CHARACTER.items():
            wanted = (expected[0], *_with_views(tail, expected[1]))
            if columns[name].shape != wanted or columns[name].dtype != kind:
                raise TruncatedDatasetError(
                    f"{folder}/labels.npz: {name} is {columns[name].shape}, not {wanted}; draw or "
                    "copy it again"
                )
        labels = Labels(**{field.name: columns[field.name] for field in fields(Labels)})
        return cls(folder=folder, pictures=pictures, labels=labels, description=description)


def _with_views(shape: tuple[int, ...], views: int) -> tuple[int, ...]:
    return tuple(views if side == -1 else side for side in shape)


def _describe(folder: Path) -> dict[str, Any]:
    path = folder / "dataset.json"
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DatasetError(
            f"{folder} is no data set: it has no dataset.json; make one with "
            "`python -m trainer draw`"
        ) from error
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    version = description.get("version") if isinstance(description, dict) else None
    if version != DATASET_VERSION:
        raise DatasetVersionError(
            f"{folder} has data set version {version}, this release reads {DATASET_VERSION}; draw "
            "it again with this release"
        )
    for name, words in _VOCABULARIES.items():
        if tuple(description.get(name, ())) != words:
            raise DatasetVersionError(
                f"{folder} was drawn with another list of {name}; draw it again with this release"
            )
    for key in ("characters", "views", "size"):
        if not isinstance(description.get(key), int):
            raise DatasetError(f"{path} does not say {key}; draw the data set again")
    return dict(description)
