"""Finders to measure, called alike: our network, and the LBP cascade that the papers use."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from engines.protocol import Engine
from faces.canvas import Canvas
from faces.face import Face
from faces.find import THRESHOLD, find_faces
from faces.lbp import CascadeFinder, cleaned


class FinderError(ValueError):
    """No finder can be made of what was given; the message says why."""


class Finder(Protocol):
    """Finds the faces of a picture."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    def find(self, canvas: Canvas) -> list[Face]:
        """The faces of a picture, best score first."""
        ...


class NetworkFinder:
    """The first model of `engine` that finds faces. Raises FinderError when there is none."""

    name = "network"

    def __init__(self, engine: Engine, threshold: float = THRESHOLD) -> None:
        able = [card for _, card in sorted(engine.cards().items()) if card.task == "find_faces"]
        if not able:
            told = "; ".join(engine.problems().values())
            raise FinderError(f"no model that finds faces is in the repository. {told}".strip())
        self._engine, self._card, self._threshold = engine, able[0], threshold

    def find(self, canvas: Canvas) -> list[Face]:
        """See Finder."""
        return find_faces(self._engine, self._card, canvas, threshold=self._threshold)


class Cascade(CascadeFinder):
    """The cascade of the file at `path`. Raises CascadeError."""

    name = "lbp"

    def __init__(self, path: Path) -> None:
        super().__init__(path)


class CleanedCascade(Cascade):
    """The same with the rules by which Mobini & Ghaderi gather their data set."""

    name = "lbp_cleaned"

    def find(self, canvas: Canvas) -> list[Face]:
        """See Finder."""
        return cleaned(super().find(canvas))
