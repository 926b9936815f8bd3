"""Read a model repository in Triton's layout: `NAME/card.json` and `NAME/<version>/model.onnx`.

A model that cannot be used becomes a problem with its reason and never hides the others. Running
the models is left to the engines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contract.card import Card, CardError, check_weights, read_card


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model whose card can be read. The weights are read, and checked, when asked for."""

    card: Card
    path: Path

    def weights(self) -> bytes:
        """The bytes of the ONNX file. Raises CardError: missing, or not those of the card."""
        try:
            weights = self.path.read_bytes()
        except OSError as error:
            raise CardError(f"{self.path} cannot be read: {error}") from error
        check_weights(self.card, weights)
        return weights


@dataclass(frozen=True, slots=True)
class Repository:
    """What a folder holds: models by name, and the reasons why others cannot be used."""

    models: Mapping[str, StoredModel]
    problems: Mapping[str, str]


def read_repository(folder: Path) -> Repository:
    """The models under `folder`; a folder that does not exist is itself a problem."""
    models: dict[str, StoredModel] = {}
    problems: dict[str, str] = {}
    try:
        places = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError as error:
        return Repository({}, {folder.name: f"the model repository cannot be read: {error}"})
    for place in places:
        try:
            models[place.name] = _read_model(place)
        except CardError as error:
            problems[place.name] = str(error)
    return Repository(models, problems)


def _read_model(place: Path) -> StoredModel:
    card = read_card(place / "card.json")
    if card.name != place.name:
        raise CardError(
            f"the folder {place.name} has the card of {card.name}; name the folder after the model"
        )
    versions = [int(p.name) for p in place.iterdir() if p.is_dir() and p.name.isdecimal()]
    if not versions or max(versions) != card.version:
        held = f"version {max(versions)} as its newest" if versions else "no version"
        raise CardError(
            f"the card of {card.name} describes version {card.version}, its folder holds {held}; "
            "export the model again"
        )
    return StoredModel(card, place / str(card.version) / "model.onnx")
