"""`python -m trainer draw OUT`: have the artist draw a data set and a contact sheet of it.

One character per seed, the same character, view and background under several expressions.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from contract.expression import (
    CORE_EXPRESSIONS,
    DRAWN,
    EXPRESSIONS,
    NAMES,
    NEUTRAL,
    Vector,
    preset,
)
from trainer.characters import EDITION, View, draw, draw_all, sample_character, sample_view
from trainer.characters import labels as shown
from trainer.characters.damage import apply_damage, sample_damage
from trainer.characters.moods import change_one, change_part, sample_mood
from trainer.characters.scene import draw_scene
from trainer.characters.style import JUDGING, TRAINING
from trainer.command import CommandError, at_least, refusals_told
from trainer.data.dataset import Labels, Writer
from trainer.data.scenes import open_scenes, write_scenes

_STYLES: Final = {"training": TRAINING, "judging": JUDGING}
_SHEET: Final = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """What to draw. `moods` is `varied` (training), `core` (six presets) or `presets` (all); with
    `keep_drawn`, what our networks leave alone is the same in all drawings of a character."""

    size: int
    views: int
    moods: str
    styles: str
    damage: bool
    keep_drawn: bool = False


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("draw", help="draw a data set and its contact sheet")
    parser.add_argument("out", type=Path, help="folder of the data set (must not exist)")
    parser.add_argument("--characters", type=at_least(1), default=1000, help="how many")
    parser.add_argument(
        "--first-seed", type=at_least(0), default=0, help="seed of the first character"
    )
    parser.add_argument(
        "--size", type=at_least(16), default=256, help="side of the pictures, pixels"
    )
    parser.add_argument(
        "--views", type=at_least(1), default=8, help="drawings of each character (varied)"
    )
    parser.add_argument("--moods", choices=("varied", "core", "presets"), default="varied")
    parser.add_argument(
        "--keep-drawn",
        action="store_true",
        help="brows, tears, blush, sweat and vein as in a character's first drawing (varied moods)",
    )
    parser.add_argument("--styles", choices=tuple(_STYLES), default="training")
    parser.add_argument("--clean", action="store_true", help="no JPEG, blur, grain and the like")
    parser.add_argument("--scenes", type=at_least(1), help="so many scenes for the finder instead")
    parser.add_argument(
        "--sprite", type=at_least(0), metavar="SEED", help="one sprite instead: OUT is a PNG"
    )
    parser.add_argument("--workers", type=at_least(1), default=1, help="processes that draw")
    parser.set_defaults(run=run)


@refusals_told
def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    if arguments.sprite is not None:
        return _sprite(arguments)
    if arguments.scenes is not None:
        return _scenes(arguments)
    views = {"core": len(CORE_EXPRESSIONS), "presets": len(EXPRESSIONS)}.get(
        arguments.moods, arguments.views
    )
    if arguments.keep_drawn and arguments.moods != "varied":
        raise CommandError("--keep-drawn goes with --moods varied; the others name what is drawn")
    plan = Plan(
        arguments.size,
        views,
        arguments.moods,
        arguments.styles,
        not arguments.clean,
        arguments.keep_drawn,
    )
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.characters)
    notes: dict[str, str | int | float] = {
        "artist": "trainer.characters",
        "edition": EDITION,
        "moods": plan.moods,
        "styles": plan.styles,
        "damage": int(plan.damage),
        "keep_drawn": int(plan.keep_drawn),
    }
    sheet: list[NDArray[np.uint8]] = []
    with (
        Writer(arguments.out, views=views, size=plan.size, notes=notes) as writer,
        ProcessPoolExecutor(arguments.workers) as pool,
    ):
        drawn = pool.map(_draw_one, ((plan, seed) for seed in seeds), chunksize=4)
        for pictures, labels in tqdm(drawn, total=len(seeds), unit="character"):
            writer.append(pictures, labels)
            if len(sheet) < _SHEET * _SHEET:
                sheet += list(pictures[:_SHEET])
    _contact_sheet(sheet, min(views, _SHEET)).save(arguments.out / "sheet.png")
    print(f"{len(seeds)} characters, {views} drawings each, in {arguments.out}")
    return 0


def _sprite(arguments: argparse.Namespace) -> int:
    """A half-length figure at rest, without background, as visual novels use them."""
    out: Path = arguments.out
    if out.suffix.lower() != ".png":
        raise CommandError(f"{out} is no PNG; give the name of a file that ends in .png")
    out.parent.mkdir(parents=True, exist_ok=True)
    view = View(yaw=0.1, roll=-2.0, eye_distance=0.17, y=0.37)
    character = sample_character(arguments.sprite, _STYLES[arguments.styles])
    drawing = draw(character, view, NEUTRAL, arguments.size, supersampling=2, background=False)
    beside = out.with_name(out.name + ".partial")
    Image.fromarray(drawing.picture).save(beside, "PNG", optimize=True)
    beside.replace(out)
    print(f"{out}: character {arguments.sprite}, {arguments.size} px")
    return 0


def _scenes(arguments: argparse.Namespace) -> int:
    total, size = arguments.scenes, arguments.size
    seeds = range(arguments.first_seed, arguments.first_seed + total)
    one = partial(
        draw_scene, size=size, within=_STYLES[arguments.styles], damage=not arguments.clean
    )
    with ProcessPoolExecutor(arguments.workers) as pool:
        drawn = tqdm(pool.map(one, seeds, chunksize=8), total=total, unit="scene")
        write_scenes(arguments.out, drawn, total, size, arguments.first_seed)
    first = open_scenes(arguments.out).pictures[: _SHEET * _SHEET]
    _contact_sheet(list(first), _SHEET).save(arguments.out / "sheet.png")
    print(f"{total} scenes in {arguments.out}")
    return 0


def _contact_sheet(pictures: list[NDArray[np.uint8]], columns: int) -> Image.Image:
    """Rows of `columns` pictures: one per character."""
    columns = min(columns, len(pictures))
    whole = pictures[: len(pictures) // columns * columns]
    rows = [np.hstack(whole[i : i + columns]) for i in range(0, len(whole), columns)]
    return Image.fromarray(np.vstack(rows))


def _draw_one(task: tuple[Plan, int]) -> tuple[NDArray[np.uint8], Labels]:
    return draw_character(*task)


def draw_character(plan: Plan, seed: int) -> tuple[NDArray[np.uint8], Labels]:
    """Draw one character of the data set: pictures [V,S,S,3] uint8 and its labels."""
    rng = np.random.default_rng((seed, 1))
    character = sample_character(seed, _STYLES[plan.styles])
    view = sample_view(rng, level=True)
    damage = sample_damage(rng) if plan.damage else None
    moods, presets = zip(*_moods(rng, plan), strict=True)
    pictures = []
    drawings = draw_all(character, view, moods, plan.size)
    for drawing in drawings:
        picture = np.ascontiguousarray(drawing.picture[..., :3])
        pictures.append(apply_damage(picture, damage) if damage else picture)
    labels = Labels(
        vectors=np.stack(moods),
        presets=np.array(presets, np.int64),
        landmarks=np.stack([drawing.landmarks for drawing in drawings]),
        attributes=np.stack([shown.attributes(character, m) for m in moods]),
        hair=np.array(shown.hair_index(character), np.int64),
        eyes=np.array(shown.eye_index(character), np.int64),
        tags=np.stack([shown.tags(character, m) for m in moods]),
        seeds=np.array(seed, np.int64),
    )
    return np.stack(pictures), labels


def _moods(rng: np.random.Generator, plan: Plan) -> list[tuple[Vector, int]]:
    if plan.moods == "core":
        return [(preset(name), i) for i, name in enumerate(CORE_EXPRESSIONS)]
    if plan.moods == "presets":
        return [(preset(name), i) for i, name in enumerate(EXPRESSIONS)]
    kept = DRAWN if plan.keep_drawn else ()
    same = np.array([name in kept for name in NAMES])
    moods = [sample_mood(rng)]
    first = moods[0][0]
    while len(moods) < plan.views:
        lot = rng.random()
        other = moods[int(rng.integers(len(moods)))][0] if lot < 0.6 else first
        if lot < 0.45:
            mood, which = change_one(rng, other, kept), -1
        elif lot < 0.6:
            mood, which = change_part(rng, other), -1
        else:
            mood, which = sample_mood(rng)
        moods.append((np.where(same, first, mood).astype(np.float32), which))
    return moods
