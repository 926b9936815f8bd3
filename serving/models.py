"""Which of the engine's models does a task: the one whose card says so."""

from __future__ import annotations

from contract.card import Card
from engines.protocol import Engine
from serving.request_errors import NoModelError, UnknownModelError


def reader(engine: Engine) -> Card | None:
    """The card of the model that reads expressions, if there is one."""
    cards = sorted(engine.cards().items())
    return next((card for _, card in cards if card.task == "read_expression"), None)


def finder(engine: Engine) -> Card:
    """The card of the model that finds faces. Raises NoModelError."""
    for _, card in sorted(engine.cards().items()):
        if card.task == "find_faces":
            return card
    raise NoModelError("no model that finds faces is loaded; see /readyz for the reason")


def editor(engine: Engine, wanted: str | None) -> Card:
    """The card of the model `wanted`, or of the first that edits expressions.

    Raises UnknownModelError or NoModelError.
    """
    cards = engine.cards()
    able = sorted(n for n, card in cards.items() if card.task == "edit_expression")
    if wanted in able:
        return cards[wanted]
    if wanted is None and able:
        return cards[able[0]]
    if wanted is None:
        raise NoModelError("no model that edits expressions is loaded; see /readyz")
    if wanted in engine.problems():
        raise NoModelError(f"the model {wanted} cannot be used: see /v1/models for the reason")
    raise UnknownModelError(wanted, able)
