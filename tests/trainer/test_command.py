"""What the commands share: refusals in one sentence, and arguments checked as they are read."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from contract.card import read_card
from trainer.command import CommandError, at_least, between, intensity, refusals_told


@refusals_told
def command(what: str, folder: Path) -> int:
    """A command that fails in the way asked for."""
    match what:
        case "ours":
            raise CommandError("give a picture")
        case "below":
            read_card(folder / "card.json")
        case "file":
            (folder / "file").touch()
            (folder / "file" / "below").mkdir()
        case "full":
            raise OSError("no space left")
        case "fault":
            [][0]
    return 0


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("ours", "error: give a picture\n"),
        ("below", "card.json cannot be read"),
        ("file", "file/below: Not a directory\n"),
        ("full", "error: no space left\n"),
    ],
)
def test_a_refusal_is_one_sentence(
    what: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(what, tmp_path) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1


def test_what_ends_well_and_what_is_a_fault_pass(tmp_path: Path) -> None:
    assert command("", tmp_path) == 0
    with pytest.raises(IndexError):
        command("fault", tmp_path)


@pytest.mark.parametrize("text", ["0", "-3", "1.5", "many", "", "٣", "9" * 20])
def test_a_count_is_a_whole_number(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="whole number from 1"):
        at_least(1)(text)
    assert at_least(0)("0") == 0
    assert at_least(1)("3") == 3


@pytest.mark.parametrize("text", ["9", "-1", "nan", "inf", "much", ""])
def test_an_intensity_is_in_its_range(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"from 0 to 1\.5"):
        intensity(text)
    assert (intensity("0"), intensity("1.5")) == (0.0, 1.5)
    assert between(0.0, 1.0)("0.25") == 0.25
