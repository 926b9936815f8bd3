"""Model cards: read, refused, held against their weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contract.card import (
    Card,
    CardError,
    CardVersionError,
    WeightsMismatchError,
    check_weights,
    parse_card,
    read_card,
)
from tests.engines.tiny_models import tiny_editor, tiny_finder

EDITOR, _ = tiny_editor(8)
FINDER, _ = tiny_finder(64)


def changed(card: Card, **values: object) -> str:
    return json.dumps(json.loads(card.model_dump_json()) | values)


@pytest.mark.parametrize("card", [EDITOR, FINDER])
def test_a_card_comes_back_as_written(card: Card) -> None:
    assert parse_card(card.model_dump_json(indent=2)) == card


@pytest.mark.parametrize("version", [0, 2, 99])
def test_another_version_says_what_to_do(version: int) -> None:
    text = json.dumps({"card_version": version, "of the future": True})
    with pytest.raises(CardVersionError, match="export the model again") as caught:
        parse_card(text, "face/card.json")
    assert f"face/card.json has card version {version}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not a model card"),
        ("{", "not a model card"),
        ("[]", "not a model card"),
        ("{}", "card_version"),
        (changed(EDITOR, licence=None), "licence"),
        (changed(EDITOR, colour="red"), "colour"),
        (changed(EDITOR, task="fly"), "task"),
        (changed(EDITOR, name="../up"), "name"),
        (changed(EDITOR, weights_sha256="abc"), "weights_sha256"),
        (changed(EDITOR, control=None), "needs alignment and control"),
        (changed(EDITOR, alignment=None), "needs alignment and control"),
        (changed(EDITOR, control={"kind": "telepathy"}), "control"),
        (changed(FINDER, labels=[]), "names of its landmarks"),
        (changed(EDITOR, task="read_expression"), "names of expressions"),
    ],
)
def test_a_wrong_card_is_refused_with_the_place(text: str, told: str) -> None:
    with pytest.raises(CardError, match=told) as caught:
        parse_card(text, "face/card.json")
    assert str(caught.value).startswith("face/card.json")
    assert type(caught.value) is CardError


def test_a_card_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    with pytest.raises(CardError, match="cannot be read"):
        read_card(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CardError, match="cannot be read"):
        read_card(path)
    path.write_text(EDITOR.model_dump_json())
    assert read_card(path) == EDITOR


def test_weights_are_those_of_the_card_or_refused() -> None:
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1
    card = EDITOR.model_copy(update={"weights_sha256": abc})
    check_weights(card, b"abc")
    with pytest.raises(WeightsMismatchError, match="export the model again"):
        check_weights(card, b"abd")
