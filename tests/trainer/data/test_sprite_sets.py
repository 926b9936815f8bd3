"""Sets of sprites: with a manifest, without one, and words of artists."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.expression import EXPRESSIONS
from trainer.data.sprite_sets import WORDS, SpriteSetError, read_sprite_sets


def _touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_folders_are_characters_and_files_expressions(tmp_path: Path) -> None:
    folder = _touch(tmp_path, "ann/Happy.png", "ann/normal.PNG", "ann/notes.txt", "bea/sad.png")
    (ann,) = read_sprite_sets(folder)
    assert ann.character == "ann"
    assert ann.drawings == {
        "neutral": folder / "ann/normal.PNG",
        "happy": folder / "ann/Happy.png",
    }
    assert list(ann.drawings) == ["neutral", "happy"]


def test_our_word_wins_and_the_rest_is_told(tmp_path: Path) -> None:
    folder = _touch(tmp_path, "ann/happy.png", "ann/smile.png", "ann/mad.png", "ann/talk.png")
    (ann,) = read_sprite_sets(folder)
    assert {name: path.name for name, path in ann.drawings.items()} == {
        "happy": "happy.png", "angry": "mad.png",
    }  # fmt: skip
    assert sorted(ann.unused) == ["smile", "talk"]


def test_a_manifest_says_what_is_what(tmp_path: Path) -> None:
    folder = _touch(tmp_path / "set", "x/1.png", "x/2.png", "3.png")
    rows = "file,character,expression\nset/x/1.png,ann,normal\nx/2.png,ann,cry\n3.png,bea,sad\n"
    (folder / "manifest.csv").write_text(rows)
    (ann,) = read_sprite_sets(folder)
    assert ann.drawings == {"neutral": folder / "x/1.png", "crying": folder / "x/2.png"}
    assert all(path.exists() for path in ann.drawings.values())


def test_what_is_no_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpriteSetError, match="name each for its expression"):
        read_sprite_sets(_touch(tmp_path, "ann/happy.png", "bea/sad.png"))
    (tmp_path / "manifest.csv").write_text("file,character\n1.png,ann\n")
    with pytest.raises(SpriteSetError, match="no column 'expression'"):
        read_sprite_sets(tmp_path)


def test_words_mean_expressions_that_exist() -> None:
    assert set(WORDS.values()) <= set(EXPRESSIONS)
    assert not set(WORDS) & set(EXPRESSIONS)
