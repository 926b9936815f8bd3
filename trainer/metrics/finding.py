"""How well a finder finds: its finds in pictures against faces that are known to be there.

A face is found when both eyes lie within FOUND eye distances of where they are. Boxes are not
compared: finders draw them by different conventions.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from faces.face import Face
from trainer.data.annotated import Mark

FOUND: Final = 0.3
"""The farther of the two eyes may be so many eye distances off."""

EYES: Final = ("left_eye", "right_eye")


@dataclass(frozen=True, slots=True)
class Matched:
    """One picture: which find is which marked face, and the finds that are none of them."""

    pairs: tuple[tuple[Mark, Face], ...]
    missed: tuple[Mark, ...]
    extra: tuple[Face, ...]


@dataclass(slots=True)
class Tally:
    """Counts over pictures. `errors` has, by landmark, the distances of found faces from the
    truth in eye distances."""

    pictures: int = 0
    with_face: int = 0
    with_find: int = 0
    """Pictures with a face in which at least one of their faces was found."""
    faces: int = 0
    found: int = 0
    extra: int = 0
    with_extra: int = 0
    without_face: int = 0
    false: int = 0
    """Pictures without a face in which something was found."""
    errors: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, seen: Matched) -> None:
        """Count a picture."""
        faces = len(seen.pairs) + len(seen.missed)
        self.pictures += 1
        self.with_face += faces > 0
        self.with_find += bool(seen.pairs)
        self.faces += faces
        self.found += len(seen.pairs)
        self.extra += len(seen.extra)
        self.with_extra += bool(seen.extra)
        self.without_face += faces == 0
        self.false += faces == 0 and bool(seen.extra)
        for mark, face in seen.pairs:
            for name, point in mark.landmarks.items():
                if name in face.landmarks:
                    off = math.dist(point, face.landmarks[name]) / mark.eye_distance
                    self.errors[name].append(off)

    def figures(self) -> dict[str, float | int]:
        """The counts, and the shares and means that they allow."""
        result: dict[str, float | int] = {
            "pictures": self.pictures,
            "with_face": self.with_face,
            "faces": self.faces,
            "found": self.found,
            "extra": self.extra,
            "pictures_with_extra": self.with_extra,
            "without_face": self.without_face,
            "false": self.false,
        }
        shares = {
            "picture_share": (self.with_find, self.with_face),
            "face_share": (self.found, self.faces),
            "false_share": (self.false, self.without_face),
        }
        result |= {name: a / b for name, (a, b) in shares.items() if b}
        means = {
            "eye_error": _mean([off for name in EYES for off in self.errors.get(name, ())]),
            "mouth_error": _mean(self.errors.get("mouth", ())),
            "landmark_error": _mean([off for some in self.errors.values() for off in some]),
        }
        return result | {name: mean for name, mean in means.items() if not math.isnan(mean)}


def match(marks: Sequence[Mark], finds: Sequence[Face]) -> Matched:
    """Pair marked faces with finds, the closest first, each with one other at most."""
    near = sorted(
        (distance, i, j)
        for i, mark in enumerate(marks)
        for j, face in enumerate(finds)
        if (distance := eyes_off(mark, face)) <= FOUND
    )
    taken: dict[int, int] = {}
    for _, i, j in near:
        if i not in taken and j not in taken.values():
            taken[i] = j
    return Matched(
        pairs=tuple((marks[i], finds[j]) for i, j in sorted(taken.items())),
        missed=tuple(mark for i, mark in enumerate(marks) if i not in taken),
        extra=tuple(face for j, face in enumerate(finds) if j not in taken.values()),
    )


def eyes_off(mark: Mark, face: Face) -> float:
    """How far the farther eye is from where it should be, in eye distances of the marked face."""
    return max(
        math.dist(getattr(mark, name), face.landmarks[name]) / mark.eye_distance for name in EYES
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
