"""Model cards: read, refused, held against their weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contract.alignment import TEMPLATE
from contract.card import (
    Card,
    CardError,
    CardVersionError,
    WeightsMismatchError,
    check_weights,
    parse_card,
    read_card,
)
from tests.engines.tiny_models import tiny_editor, tiny_finder, tiny_reader

EDITOR, _ = tiny_editor(8)
FINDER, _ = tiny_finder(64)


READER, _ = tiny_reader(32)


DRAWING, _ = tiny_editor(8, drawn=("tears",))


def changed(card: Card, **values: object) -> str:
    return json.dumps(json.loads(card.model_dump_json()) | values)


def at(card: Card, path: str, value: object) -> str:
    """The card with another value at `path`, or without it where the value is None."""
    content = json.loads(card.model_dump_json())
    *way, last = (int(part) if part.isdecimal() else part for part in path.split("/"))
    place = content
    for part in way:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(content)


@pytest.mark.parametrize("card", [EDITOR, FINDER, READER, DRAWING])
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


EYE = TEMPLATE["left_eye"]
REST = {"name": "blush", "low": 0.5, "high": 0.5, "neutral": 0.5}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (at(EDITOR, "alignment/points/right_eye", None), "alignment: the points lack right_eye"),
        (at(EDITOR, "alignment/points/right_eye", EYE), "both eyes lie in the same place"),
        (at(EDITOR, "pixels/value_range", [1, 1]), "pixels: value_range goes from 1.0 to 1.0"),
        (at(EDITOR, "pixels/value_range", [1, -1]), "the second must be larger"),
        (at(EDITOR, "pixels/value_range", [0, float("inf")]), "finite number"),
        (at(EDITOR, "pixels/ground", [0, 0, 256]), "pixels.ground.2"),
        (at(EDITOR, "pixels/size", 16), "image has the shape .* 8, 8.* it has .* 16, 16"),
        (at(EDITOR, "control/parameters/0", REST), "rests at 0.5; high must be larger"),
        (at(EDITOR, "control/parameters/0/neutral", 1.4), "neutral between them"),
        (at(EDITOR, "control/parameters/0/name", "blush"), "the same name"),
        (at(EDITOR, "control/presets/blush", {}), "blush is the name of a parameter and of a"),
        (at(EDITOR, "control/parameters/30", None), "the preset .* sets shade, which is no"),
        (at(EDITOR, "control/presets/angry/nose", 1), "the preset angry sets nose, which is no"),
        (at(EDITOR, "control/presets/angry/tears", 7), "angry sets tears to 7.0; it goes from 0.0"),
        (at(EDITOR, "inputs/1/shape", [-1, 60]), "control has the shape .* it has .* 62"),
        (at(EDITOR, "control", {"kind": "one_hot"}), "one-hot control needs the names"),
        (at(EDITOR, "control/drawn", ["nose"]), "nose is to be drawn, which is no parameter"),
        (at(EDITOR, "control/drawn", ["tears"]), "tears is to be drawn, which needs .* landmarks"),
        (at(DRAWING, "outputs/3/shape", [-1, 2, 26, 2]), "landmarks has .* 26, 2.* 2, 27, 2"),
        (at(DRAWING, "outputs/3/shape", [-1, 54]), "landmarks has the shape .* 54.* 2, 27, 2"),
        (at(FINDER, "labels/3", None), "landmarks has the shape .* 54.* it has .* 52"),
        (at(FINDER, "inputs/0/shape", [-1, 64, 64]), "image has the shape"),
        (at(READER, "labels/3", None), "expression has the shape .* 14.* it has .* 13"),
        (at(READER, "attributes/3", None), "attributes has the shape .* 8.* it has .* 7"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(text: str, told: str) -> None:
    with pytest.raises(CardError, match=told):
        parse_card(text)


def test_a_free_size_is_any_size() -> None:
    text = at(FINDER, "inputs/0/shape", [-1, 3, -1, -1])
    assert parse_card(text).inputs[0].shape == (-1, 3, -1, -1)


def test_the_cards_that_ship_are_whole() -> None:
    cards = [read_card(path) for path in Path("model_repository").glob("*/card.json")]
    assert {card.task for card in cards} >= {"edit_expression", "find_faces"}


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
