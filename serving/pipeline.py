"""The editing pipeline: decode, find, align, infer, paste, encode. Knows nothing of HTTP.

One Pipeline serves many threads. Models are chosen by their card's task, so a new model appears
when the engine has loaded it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final, Generic, Literal, TypeVar

import numpy as np

from contract.assets import asset_path
from contract.card import Card, ExpressionVector, ParameterSpec, Task
from contract.control import control_for, strength
from contract.pixels import to_network
from engines.cancel import current
from engines.protocol import (
    Array,
    Engine,
    EngineCancelledError,
    EngineError,
    EngineTimeoutError,
)
from faces.align import AlignmentError, Matrix, crop, similarity
from faces.canvas import Canvas
from faces.change import NOTHING, Change, Rectangle, apply
from faces.face import Box, Face, by_proportions
from faces.find import find_faces, find_in_boxes
from faces.lbp import CascadeFinder
from serving.picture import Format, Picture, decode, encode
from serving.reading import Reading, read
from serving.settings import Settings
from serving.tracing import span

STAGES: Final = ("decode", "find", "align", "infer", "paste", "encode")

_SMALLEST_BOX: Final = 8.0

_SAME_FACE: Final = 0.8
"""Two given boxes that overlap more than this are of one face."""

_DOUBT: Final = 0.1
"""What a reference shows of a parameter counts from this share of its way on."""

Which = Literal["all", "largest"] | Sequence[Box]
Observer = Callable[[str, float], None]
Rendered = TypeVar("Rendered")


class RequestError(ValueError):
    """A request that cannot be carried out on this picture or with these models.

    RequestError
      NoFaceError
      NoExpressionError
      BoxError
      UnknownModelError
      NoModelError
    """


class NoFaceError(RequestError):
    """No face was found; the caller can say where one is."""


class NoExpressionError(RequestError):
    """Neither an expression nor a reference was given."""


class BoxError(RequestError):
    """A given box is not one of this picture."""


class UnknownModelError(RequestError):
    """No model of this name edits expressions. `known` lists those that do."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown model {name!r}; known are {', '.join(known) or 'none'}")
        self.known = tuple(known)


class NoModelError(RequestError):
    """No model for the task is loaded, or the one asked for could not be."""


@dataclass(frozen=True)
class FacesResult:
    """The faces of a picture, best first; `timings` in seconds by stage.

    `readings` has one for each face, or none where no model for it is loaded.
    """

    width: int
    height: int
    faces: tuple[Face, ...]
    readings: tuple[Reading, ...]
    timings: Mapping[str, float]


@dataclass(frozen=True)
class EditedFace:
    """A face, and the rectangle outside which its edit touched nothing."""

    face: Face
    changed: Rectangle


@dataclass(frozen=True)
class EditResult:
    """The edited picture as a file; `timings` in seconds by stage."""

    data: bytes
    format: Format
    width: int
    height: int
    faces: tuple[EditedFace, ...]
    timings: Mapping[str, float]


@dataclass(frozen=True)
class Drawn(Generic[Rendered]):
    """One expression of a sheet: its picture as it was rendered, and what was changed in it."""

    expression: str
    picture: Rendered
    faces: tuple[EditedFace, ...]


@dataclass(frozen=True)
class SheetResult(Generic[Rendered]):
    """All expressions that were asked for; `timings` in seconds by stage, of all together."""

    drawn: tuple[Drawn[Rendered], ...]
    format: Format
    width: int
    height: int
    timings: Mapping[str, float]


@dataclass(frozen=True)
class _Ready:
    """A picture whose faces are found and cropped, [N,3,S,S] as the model of `card` sees them."""

    picture: Picture
    canvas: Canvas
    card: Card
    pairs: tuple[tuple[Face, Matrix], ...]
    image: Array


@dataclass
class _Clock:
    observe: Observer
    deadline: float | None
    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times the block. Raises EngineTimeoutError or EngineCancelledError before it starts."""
        self._check(name)
        start = time.perf_counter()
        try:
            with span(name):
                yield
        finally:
            seconds = time.perf_counter() - start
            self.timings[name] = self.timings.get(name, 0.0) + seconds
            self.observe(name, seconds)

    def left(self) -> float | None:
        """Seconds until the deadline; zero or less when it has passed."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def _check(self, stage: str) -> None:
        """No stage starts that comes too late or that nobody waits for."""
        cancellation = current()
        if cancellation is not None and cancellation.cancelled:
            raise EngineCancelledError(f"nobody waits any more for the stage {stage}")
        left = self.left()
        if left is not None and left <= 0:
            raise EngineTimeoutError(f"no time is left for the stage {stage}")


def _nobody(stage: str, seconds: float) -> None:
    """Where nobody wants to know the times."""


class Pipeline:
    """Edits pictures with the models of `engine`.

    `observe` is told each stage's seconds as it ends, also when it failed. Raises AssetError or
    CascadeError when the settings ask for the cascade and it cannot be had.
    """

    def __init__(self, engine: Engine, settings: Settings, observe: Observer = _nobody) -> None:
        self.engine = engine
        self.settings = settings
        self._observe = observe
        self._cascade: CascadeFinder | None = None
        if settings.finder == "lbp":
            self._cascade = CascadeFinder(asset_path("lbpcascade_animeface.xml"))

    def missing(self) -> list[str]:
        """What stands between this pipeline and its work, a sentence each; empty when ready."""
        wanted: list[Task] = ["edit_expression"]
        if self._cascade is None:
            wanted.append("find_faces")
        tasks = {card.task for card in self.engine.cards().values()}
        return [f"no model for {task} is loaded" for task in wanted if task not in tasks]

    def expressions(self, model: str | None = None) -> tuple[str, ...]:
        """The names that `edit` and `sheet` take. Raises UnknownModelError or NoModelError."""
        return expressions_of(self._editor(model))

    def faces(self, data: bytes, *, deadline: float | None = None) -> FacesResult:
        """The faces of the picture in `data`, and what they show where a model can read it.

        `deadline` is a time of `time.monotonic()`. Raises PictureError, NoModelError or
        EngineError.
        """
        clock = _Clock(self._observe, deadline)
        picture = self._decode(data, clock)
        canvas = picture.canvas()
        found = tuple(self._find(canvas, clock))
        card = self._reader()
        readings = self._read(card, canvas, found, clock) if card and found else ()
        return FacesResult(picture.width, picture.height, found, readings, clock.timings)

    def edit(
        self,
        data: bytes,
        expression: str | Mapping[str, float] | None,
        intensity: float = 1.0,
        *,
        reference: bytes | None = None,
        faces: Which = "all",
        format: Format | None = None,
        quality: int | None = None,
        model: str | None = None,
        deadline: float | None = None,
    ) -> EditResult:
        """The picture in `data` with another expression.

        `expression` is a name or single parameters of the model; or it is None, and the expression
        is that of the largest face in the picture `reference`. `faces` says which faces to edit;
        `format` and `quality` are those of `serving.picture.encode`. Raises ExpressionError,
        PictureError, RequestError or EngineError.
        """
        clock = _Clock(self._observe, deadline)
        card = self._editor(model)
        if reference is not None:
            expression = self._expression_in(reference, card, clock)
        if expression is None:
            raise NoExpressionError("say which expression: a name, parameters, or a reference")
        control = control_for(card, expression, intensity)
        ready = self._ready(data, faces, card, clock)
        edited, changed = self._edited(ready, control, strength(intensity), clock)
        with clock.stage("encode"):
            encoded = encode(edited, format, quality)
        return EditResult(
            encoded, format or edited.format, edited.width, edited.height, changed, clock.timings
        )

    def sheet(
        self,
        data: bytes,
        expressions: Sequence[str] | None,
        intensity: float,
        render: Callable[[Picture], Rendered],
        *,
        faces: Which = "all",
        model: str | None = None,
        deadline: float | None = None,
    ) -> SheetResult[Rendered]:
        """The picture in `data` with one expression after the other, None for all of the model.

        The faces are found once. `render` is given each picture, which is let go after it. Raises
        what `edit` raises, before the first of them where an expression is not known.
        """
        clock = _Clock(self._observe, deadline)
        card = self._editor(model)
        names = expressions_of(card) if expressions is None else dict.fromkeys(expressions)
        controls = {name: control_for(card, name, intensity) for name in names}
        ready = self._ready(data, faces, card, clock)
        drawn: list[Drawn[Rendered]] = []
        for name, control in controls.items():
            edited, changed = self._edited(ready, control, strength(intensity), clock)
            with clock.stage("encode"):
                drawn.append(Drawn(name, render(edited), changed))
        picture = ready.picture
        return SheetResult(
            tuple(drawn), picture.format, picture.width, picture.height, clock.timings
        )

    def _ready(self, data: bytes, faces: Which, card: Card, clock: _Clock) -> _Ready:
        """The picture in `data` with what `card` needs to see of the wanted faces."""
        picture = self._decode(data, clock)
        canvas = picture.canvas()
        chosen = self._choose(canvas, faces, clock)
        size, ground = card.pixels.size, card.pixels.ground
        with clock.stage("align"):
            assert card.alignment is not None  # the card's own rule for this task
            pairs = [_aligned(face, card.alignment.points, size) for face in chosen]
            crops = [crop(canvas, matrix, size, ground) for _, matrix in pairs]
            image = np.concatenate([to_network(c, card.pixels) for c in crops])
        return _Ready(picture, canvas, card, tuple(pairs), image)

    def _edited(
        self, ready: _Ready, control: Array, share: float, clock: _Clock
    ) -> tuple[Picture, tuple[EditedFace, ...]]:
        """The picture with every face changed as `control` asks for, the change with that share."""
        card, canvas = ready.card, ready.canvas
        with clock.stage("infer"):
            count = len(ready.pairs)
            inputs = {"image": ready.image, "control": np.repeat(control[None], count, axis=0)}
            outputs = self.engine.run(card.name, inputs, timeout=clock.left())
            changes = _changes(card, outputs, share)
        with clock.stage("paste"):
            pixels = canvas.pixels.copy()
            changed = tuple(
                EditedFace(face, apply(pixels, canvas, matrix, change))
                for (face, matrix), change in zip(ready.pairs, changes, strict=True)
            )
        return ready.picture.with_pixels(pixels), changed

    def _decode(self, data: bytes, clock: _Clock) -> Picture:
        with clock.stage("decode"):
            limits = self.settings
            return decode(data, max_bytes=limits.max_bytes, max_pixels=limits.max_pixels)

    def _find(self, canvas: Canvas, clock: _Clock) -> list[Face]:
        with clock.stage("find"):
            if self._cascade is not None:
                return self._cascade.find(canvas)
            threshold = self.settings.finder_threshold
            finder = self._finder()
            return find_faces(
                self.engine, finder, canvas, threshold=threshold, timeout=clock.left()
            )

    def _choose(self, canvas: Canvas, which: Which, clock: _Clock) -> list[Face]:
        """The faces to edit. Raises NoFaceError or BoxError."""
        if which == "all" or which == "largest":
            found = self._find(canvas, clock)
            if not found:
                raise NoFaceError(
                    "no face was found in the picture; say where one is with `faces`, a list of "
                    "boxes [x, y, width, height] from hairline to chin and cheek to cheek"
                )
            if which == "largest":
                return [max(found, key=lambda face: face.box.area)]
            return found[: self.settings.max_faces]
        for box in which:
            _check_box(box, canvas)
        if not 0 < len(which) <= self.settings.max_faces:
            raise BoxError(
                f"`faces` has {len(which)} boxes; give at least 1 and at most "
                f"{self.settings.max_faces}"
            )
        _check_distinct(which)
        with clock.stage("find"):
            if self._cascade is not None:
                return [by_proportions(box) for box in which]
            threshold = self.settings.finder_threshold
            return find_in_boxes(
                self.engine,
                self._finder(),
                canvas,
                which,
                threshold=threshold,
                timeout=clock.left(),
            )

    def _expression_in(self, data: bytes, editor: Card, clock: _Clock) -> str | dict[str, float]:
        """What the largest face in the picture `data` shows, as the model of `editor` takes it."""
        card = self._reader()
        if card is None:
            raise NoModelError("no model that reads expressions is loaded, so send `expression`")
        canvas = self._decode(data, clock).canvas()
        found = self._find(canvas, clock)
        if not found:
            raise NoFaceError("no face was found in the reference; send one that shows a face")
        face = max(found, key=lambda face: face.box.area)
        reading = self._read(card, canvas, [face], clock)[0]
        if isinstance(editor.control, ExpressionVector):
            parameters = editor.control.parameters
            return {p.name: _settled(p, reading.vector.get(p.name, p.neutral)) for p in parameters}
        return max(editor.labels, key=lambda name: reading.expression.get(name, 0.0))

    def _read(
        self, card: Card, canvas: Canvas, faces: Sequence[Face], clock: _Clock
    ) -> tuple[Reading, ...]:
        size, ground = card.pixels.size, card.pixels.ground
        with clock.stage("align"):
            assert card.alignment is not None  # the card's own rule for this task
            pairs = [_aligned(face, card.alignment.points, size) for face in faces]
            crops = [crop(canvas, matrix, size, ground) for _, matrix in pairs]
        with clock.stage("infer"):
            return read(self.engine, card, crops, timeout=clock.left())

    def _reader(self) -> Card | None:
        """The card of the model that reads expressions, if there is one."""
        cards = sorted(self.engine.cards().items())
        return next((card for _, card in cards if card.task == "read_expression"), None)

    def _finder(self) -> Card:
        for _, card in sorted(self.engine.cards().items()):
            if card.task == "find_faces":
                return card
        raise NoModelError("no model that finds faces is loaded; see /readyz for the reason")

    def _editor(self, name: str | None) -> Card:
        cards = self.engine.cards()
        able = sorted(n for n, card in cards.items() if card.task == "edit_expression")
        wanted = name or self.settings.model
        if wanted in able:
            return cards[wanted]
        if wanted is None and able:
            return cards[able[0]]
        if wanted is None:
            raise NoModelError("no model that edits expressions is loaded; see /readyz")
        if wanted in self.engine.problems():
            raise NoModelError(f"the model {wanted} cannot be used: see /v1/models for the reason")
        raise UnknownModelError(wanted, able)


def _settled(parameter: ParameterSpec, value: float) -> float:
    """`value`, or neutral where it is so near that it may be the reader's mistake."""
    reach = max(parameter.high - parameter.neutral, parameter.neutral - parameter.low)
    return value if abs(value - parameter.neutral) > _DOUBT * reach else parameter.neutral


def _aligned(
    face: Face, template: Mapping[str, tuple[float, float]], size: int
) -> tuple[Face, Matrix]:
    """The face and its transform; landmarks that cannot be aligned give way to proportions."""
    try:
        return face, similarity(face.landmarks, template, size)
    except AlignmentError:
        face = by_proportions(face.box, face.score)
        return face, similarity(face.landmarks, template, size)


def _changes(card: Card, outputs: Mapping[str, Array], share: float) -> list[Change]:
    """What the network wants changed, one per face, with a share of mask and displacement.

    Raises EngineError for values of no use.
    """
    for name, values in outputs.items():
        if not np.isfinite(values).all():
            raise EngineError(f"{card.name} gave values in {name} that are not finite")
    low, high = card.pixels.value_range
    paint = outputs["paint"] - np.float32(low)
    paint /= np.float32(high - low)
    moves = outputs.get("displacement")
    factor = np.float32(share)
    return [
        Change(
            paint[i], outputs["mask"][i, 0] * factor, None if moves is None else moves[i] * factor
        )
        for i in range(len(paint))
    ]


def expressions_of(card: Card) -> tuple[str, ...]:
    """The names of the expressions that the model of `card` draws."""
    if isinstance(card.control, ExpressionVector):
        return tuple(card.control.presets)
    return card.labels


def _check_distinct(boxes: Sequence[Box]) -> None:
    """A face that is given twice would be changed twice, on top of each other."""
    for first, second in combinations(boxes, 2):
        if first.overlap(second) > _SAME_FACE:
            raise BoxError(
                f"the boxes {_told(first)} and {_told(second)} are of the same face; give it once"
            )


def _told(box: Box) -> str:
    return f"[{box.x:g}, {box.y:g}, {box.width:g}, {box.height:g}]"


def _check_box(box: Box, canvas: Canvas) -> None:
    x, y = box.centre
    told = _told(box)
    if not all(map(math.isfinite, (x, y, box.width, box.height))):
        raise BoxError(f"the box {told} is not made of finite numbers")
    if min(box.width, box.height) < _SMALLEST_BOX:
        raise BoxError(f"the box {told} is too small; a face is at least {_SMALLEST_BOX:g} pixels")
    inside = 0 <= x < canvas.width and 0 <= y < canvas.height
    if not inside or box.longer > 4 * max(canvas.width, canvas.height):
        raise BoxError(
            f"the box {told} lies outside the picture of {canvas.width} x {canvas.height} pixels; "
            "boxes are [x, y, width, height] in pixels of the picture as shown"
        )


__all__ = ["NOTHING", "STAGES", "EditResult", "EditedFace", "FacesResult", "Pipeline"]
