"""`python -m benchmarks.cascade FILE`: how many frontal drawn faces the LBP cascade finds.

An outside judge of the artist: a cascade that was trained on real drawings (scale 1.05, five
neighbours). There is a third of a head's height around the head; a find counts where it holds both
eyes and is about as wide as the face.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.gateway import ROOT
from contract.expression import NEUTRAL
from faces.canvas import Canvas
from faces.lbp import CascadeError, CascadeFinder
from trainer.characters import Drawing, View, draw, sample_character

_VIEW: Final = View(eye_distance=1 / 4.6, y=0.587)
_COLUMNS: Final = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw faces, look for them, print the share and what is missed; returns the exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks.cascade", description=__doc__)
    parser.add_argument("cascade", type=Path, help="lbpcascade_animeface.xml")
    parser.add_argument("--seeds", type=int, default=300, help="so many characters")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first")
    parser.add_argument("--size", type=int, default=256, help="side of the pictures, pixels")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "benchmarks" / "cascade.json")
    options = parser.parse_args(arguments)
    try:
        finder = CascadeFinder(options.cascade)
    except CascadeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    missed, open_faces, pictures = [], [], []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        character = sample_character(seed)
        if character.accessories.over == "none":
            open_faces.append(seed)
        drawing = draw(character, _VIEW, NEUTRAL, options.size)
        if not found(finder, drawing):
            missed.append(seed)
            pictures.append(drawing.picture[..., :3])
    share = 1 - len(missed) / options.seeds
    clear = 1 - len(set(missed) & set(open_faces)) / max(len(open_faces), 1)
    print(f"{share:.1%} of {options.seeds} frontal faces found at {options.size} px")
    print(f"{clear:.1%} of the {len(open_faces)} before which nothing is held")
    print("missed:", *missed)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    report = {"size": options.size, "seeds": options.seeds, "found": share,
              "found_of_open_faces": clear, "missed": missed}  # fmt: skip
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    if pictures:
        sheet = options.out.with_suffix(".png")
        Image.fromarray(_sheet(pictures)).save(sheet)
        print(f"those missed are drawn in {sheet}")
    return 0


def found(finder: CascadeFinder, drawing: Drawing) -> bool:
    """Whether a face is found that holds both eyes and is 0.9 to 3.2 eye distances wide."""
    eyes = drawing.landmarks[:2]
    distance = float(np.hypot(*(eyes[1] - eyes[0])))
    for face in finder.find(Canvas(np.ascontiguousarray(drawing.picture[..., :3]))):
        left, top, width, height = face.box.x, face.box.y, face.box.width, face.box.height
        inside = (eyes >= (left, top)) & (eyes <= (left + width, top + height))
        if inside.all() and 0.9 * distance < width < 3.2 * distance:
            return True
    return False


def _sheet(pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    blank = np.full_like(pictures[0], 255)
    rows = [pictures[i : i + _COLUMNS] for i in range(0, len(pictures), _COLUMNS)]
    rows[-1] += [blank] * (_COLUMNS - len(rows[-1]))
    return np.vstack([np.hstack(row) for row in rows])


if __name__ == "__main__":
    sys.exit(main())
