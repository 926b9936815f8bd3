"""Where a run's weights come from: revision, libraries, and the seeds of all drawings it saw."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from contract.card import read_card
from trainer import checkpoint

FILE: Final = "provenance.json"

LIBRARIES: Final = ("numpy", "opencv-python-headless", "skia-python", "torch")

_SEEDS: Final = re.compile(r"\bseeds (\d+) to (\d+)\b")
"""As `export.runs` words them in a card."""

_UNKNOWN: Final[dict[str, Any]] = {
    "revision": "unknown",
    "libraries": {},
    "data": [],
    "pictures_before": 0,
}


class ProvenanceError(ValueError):
    """What a run noted of its origin cannot be read, or forbids what is asked.

    ProvenanceError
      SeedOverlapError
      OtherDataError
    """


class SeedOverlapError(ProvenanceError):
    """Characters that are to be held out were drawn for training."""


class OtherDataError(ProvenanceError):
    """A run is to go on with other data than it was begun with."""


def record(run: Path, data: Path | None, origins: Iterable[Path] = ()) -> None:
    """Note in `run` what it is trained on from now on; data sets of earlier starts stay noted.

    `origins` are runs, or exported models, whose weights this one goes on from: their data sets and
    the pictures that they have seen are noted too.
    """
    origins = tuple(origins)
    noted = read(run)
    data_sets: list[dict[str, Any]] = noted["data"]
    seen = [entry for origin in origins for entry in _data_of(origin)]
    if data is not None:
        seen.append(_described(data))
    for entry in seen:
        if entry not in data_sets:
            data_sets.append(entry)
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    content = {
        "revision": _revision(),
        "libraries": versions,
        "data": data_sets,
        "pictures_before": noted["pictures_before"] or sum(map(pictures_seen, origins)),
    }
    beside = run / f"{FILE}.partial"
    beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    beside.replace(run / FILE)


def read(run: Path) -> dict[str, Any]:
    """What `record` noted; a run without the file is of unknown revision and data.

    Raises ProvenanceError when the file is damaged.
    """
    try:
        content = json.loads((run / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return dict(_UNKNOWN, data=[])
    except (OSError, ValueError) as error:
        raise ProvenanceError(f"{run / FILE} cannot be read: {error}; take a copy of it") from error
    if not isinstance(content, dict) or not all(
        isinstance(content.get(key, value), type(value)) for key, value in _UNKNOWN.items()
    ):
        raise ProvenanceError(f"{run / FILE} is damaged; take a copy of it, or train again")
    return _UNKNOWN | content


def check_same_data(run: Path, data: Path | None) -> None:
    """Raise OtherDataError unless the run noted the data set in folder `data`, by whatever name.

    A run that noted none goes on with any.
    """
    noted = [_unnamed(entry) for entry in read(run)["data"]]
    if data is not None and noted and _unnamed(_described(data)) not in noted:
        raise OtherDataError(
            f"{run} was begun with other data than {data}; resume with its own, or choose another "
            "folder"
        )


def pictures_seen(run: Path) -> int:
    """How many pictures the weights in `run`, a run or an exported model, were trained on, those of
    the runs that it goes on from included. 0 where nothing is known."""
    if (run / checkpoint.FILE).exists():
        return checkpoint.load(run / checkpoint.FILE).pictures + int(read(run)["pictures_before"])
    if (run / "card.json").exists():
        return read_card(run / "card.json").provenance.pictures_seen
    return 0


def check_held_out(run: Path, seeds: tuple[int, int], where: str) -> bool:
    """Whether the run noted its seeds, and none lies between `seeds` (first and last, inclusive).

    Returns False when the run noted none. Raises SeedOverlapError, which names `where`.
    """
    data_sets = [entry for entry in read(run)["data"] if "seeds" in entry]
    for entry in data_sets:
        first, last = entry["seeds"]
        if first <= seeds[1] and seeds[0] <= last:
            raise SeedOverlapError(
                f"{where} has the seeds {seeds[0]} to {seeds[1]}, and {run} was trained on the "
                f"seeds {first} to {last} of {entry['name']}; draw characters with other seeds"
            )
    return bool(data_sets)


def _data_of(origin: Path) -> list[dict[str, Any]]:
    """The data sets of a run, or of an exported model as its card tells them: in words (`told`),
    and with their `seeds` where the words name them."""
    if not (origin / "card.json").exists():
        noted: list[dict[str, Any]] = read(origin)["data"]
        return noted
    entries = []
    for told in read_card(origin / "card.json").provenance.data.split("; "):
        entry: dict[str, Any] = {"name": origin.resolve().name, "told": told}
        if seeds := _SEEDS.search(told):
            entry["seeds"] = [int(seed) for seed in seeds.groups()]
        entries.append(entry)
    return entries


def _unnamed(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "name"}


def _described(data: Path) -> dict[str, Any]:
    """What the description of a data set (or set of scenes) says, without vocabularies."""
    entry: dict[str, Any] = {"name": data.resolve().name}
    if (data / "dataset.json").exists():
        told = json.loads((data / "dataset.json").read_text(encoding="utf-8"))
        keys: tuple[str, ...] = ("characters", "views", "size", "seeds", "notes")
    else:
        told = json.loads((data / "scenes.json").read_text(encoding="utf-8"))
        keys = ("scenes", "size", "first_seed")
    return entry | {key: told[key] for key in keys if key in told}


def _revision() -> str:
    """The checked-out revision of the sources, with "+" after it where files differ from it."""
    git = ["git", "-C", str(Path(__file__).resolve().parent)]
    try:
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
        state = subprocess.run(
            [*git, "status", "--porcelain", "-uno"], capture_output=True, text=True
        )
    except OSError:
        return "unknown"
    if commit.returncode:
        return "unknown"
    return commit.stdout.strip() + ("+" if state.stdout.strip() else "")
