"""The editing pipeline: decode, find, align, infer, paste, encode. Knows nothing of HTTP.

One Pipeline serves many threads. Models are chosen by their card's task, so a new model appears
when the engine has loaded it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from contract.assets import asset_path
from contract.card import Card, ExpressionVector, ParameterSpec, Task
from contract.control import control_for, strength
from contract.control import expressions as expressions_of
from contract.pixels import to_network
from engines.company import in_work
from engines.protocol import Array, Engine, EngineError
from faces.align import AlignmentError, Matrix, crop, similarity
from faces.canvas import RGB8, Canvas
from faces.change import Change, joined
from faces.edit import edit
from faces.face import Box, Face, by_proportions
from faces.find import SameFaceError, find_faces, find_in_boxes
from faces.lbp import CascadeFinder
from faces.plan import plan
from serving.boxes import check_boxes, same_face
from serving.cost import faces_found
from serving.models import editor, finder, reader
from serving.picture import Format, Picture, decode, encode
from serving.reading import Reading, read
from serving.request_errors import (
    NoExpressionError,
    NoFaceError,
    NoModelError,
)
from serving.results import (
    Drawn,
    EditedFace,
    EditResult,
    FacesResult,
    Rendered,
    SheetResult,
)
from serving.settings import Settings
from serving.stages import Clock, Observer, nobody

_DOUBT: Final = 0.1
"""What a reference shows of a parameter counts from this share of its way on."""

Which = Literal["all", "largest"] | Sequence[Box]


@dataclass(frozen=True)
class _Seen:
    """A face, the transform from the picture to its aligned crop, and that crop [S,S,3]."""

    face: Face
    matrix: Matrix
    crop: RGB8


@dataclass(frozen=True)
class _Ready:
    """A picture whose faces are found and cropped as the model of `card` sees them."""

    picture: Picture
    canvas: Canvas
    card: Card
    faces: tuple[_Seen, ...]


class Pipeline:
    """Edits pictures with the models of `engine`.

    `observe` is told each stage's seconds as it ends, also when it failed. Raises AssetError or
    CascadeError when the settings ask for the cascade and it cannot be had.
    """

    def __init__(self, engine: Engine, settings: Settings, observe: Observer = nobody) -> None:
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

    @in_work()
    def faces(self, data: bytes, *, deadline: float | None = None) -> FacesResult:
        """The faces of the picture in `data`, and what they show where a model can read it.

        `deadline` is a time of `time.monotonic()`. Raises PictureError, NoModelError or
        EngineError.
        """
        clock = Clock(self._observe, deadline)
        picture = self._decode(data, clock)
        canvas = picture.canvas()
        found = tuple(self._find(canvas, clock))
        card = reader(self.engine)
        if card and found:
            faces_found(len(found))
        readings = self._read(card, canvas, found, clock) if card and found else ()
        return FacesResult(picture.width, picture.height, found, readings, clock.timings)

    @in_work()
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

        `expression` is a name, or parameters of the model and weights of names; or it is None, and
        the expression is that of the largest face in the picture `reference`. `faces` says which
        faces to edit; `format` and `quality` are those of `serving.picture.encode`. Raises
        ExpressionError, PictureError, RequestError or EngineError.
        """
        clock = Clock(self._observe, deadline)
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

    @in_work()
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
        clock = Clock(self._observe, deadline)
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

    def _ready(self, data: bytes, faces: Which, card: Card, clock: Clock) -> _Ready:
        """The picture in `data` with what `card` needs to see of the wanted faces."""
        picture = self._decode(data, clock)
        canvas = picture.canvas()
        chosen = self._choose(canvas, faces, clock)
        size, ground = card.pixels.size, card.pixels.ground
        with clock.stage("align"):
            assert card.alignment is not None  # the card's own rule for this task
            pairs = [_aligned(face, card.alignment.points, size) for face in chosen]
            seen = [_Seen(face, m, crop(canvas, m, size, ground)) for face, m in pairs]
        return _Ready(picture, canvas, card, tuple(seen))

    def _edited(
        self, ready: _Ready, control: Array, share: float, clock: Clock
    ) -> tuple[Picture, tuple[EditedFace, ...]]:
        """The picture with every face changed as `control` asks for, the change with that share."""
        card, canvas = ready.card, ready.canvas
        assert card.control is not None  # the card's own rule for this task
        pixels, ground = canvas.pixels.copy(), card.pixels.ground
        with clock.stage("infer"):
            plans = [
                plan(card.control, control, seen.crop, seen.face.landmarks, seen.matrix, share)
                for seen in ready.faces
            ]
            prepared = [
                one.prepare(pixels, canvas, seen.matrix, seen.crop, ground)
                for seen, one in zip(ready.faces, plans, strict=True)
            ]
            image = np.concatenate([to_network(face, card.pixels) for face, _ in prepared])
            inputs = {"image": image, "control": np.stack([one.asked for one in plans])}
            outputs = self.engine.run(card.name, inputs, timeout=clock.left())
            changes = _changes(card, outputs, share)
        with clock.stage("paste"):
            landmarks = outputs.get("landmarks", [None] * len(plans))
            changed = []
            for seen, one, (face, wiped), change, points in zip(
                ready.faces, plans, prepared, changes, landmarks, strict=True
            ):
                written = edit(pixels, canvas, seen.matrix, face, change, one.drawing(points))
                changed.append(EditedFace(seen.face, joined(wiped, written.whole)))
        return ready.picture.with_pixels(pixels), tuple(changed)

    def _decode(self, data: bytes, clock: Clock) -> Picture:
        with clock.stage("decode"):
            limits = self.settings
            return decode(data, max_bytes=limits.max_bytes, max_pixels=limits.max_pixels)

    def _find(self, canvas: Canvas, clock: Clock, *, only_largest: bool = False) -> list[Face]:
        with clock.stage("find"):
            if self._cascade is not None:
                return self._cascade.find(canvas)
            threshold = self.settings.finder_threshold
            card = finder(self.engine)
            return find_faces(
                self.engine,
                card,
                canvas,
                threshold=threshold,
                only_largest=only_largest,
                timeout=clock.left(),
            )

    def _choose(self, canvas: Canvas, which: Which, clock: Clock) -> list[Face]:
        """The faces to edit. Raises NoFaceError or BoxError."""
        if which == "all" or which == "largest":
            found = self._find(canvas, clock, only_largest=which == "largest")
            if not found:
                raise NoFaceError(
                    "no face was found in the picture; say where one is with `faces`, a list of "
                    "boxes [x, y, width, height] from hairline to chin and cheek to cheek"
                )
            if which == "largest":
                return [max(found, key=lambda face: face.box.area)]
            chosen = found[: self.settings.max_faces]
            faces_found(len(chosen))
            return chosen
        check_boxes(which, canvas, self.settings.max_faces)
        with clock.stage("find"):
            if self._cascade is not None:
                return [by_proportions(box) for box in which]
            threshold = self.settings.finder_threshold
            try:
                return find_in_boxes(
                    self.engine,
                    finder(self.engine),
                    canvas,
                    which,
                    threshold=threshold,
                    timeout=clock.left(),
                )
            except SameFaceError as error:
                raise same_face(error.first, error.second) from error

    def _expression_in(self, data: bytes, editor: Card, clock: Clock) -> str | dict[str, float]:
        """What the largest face in the picture `data` shows, as the model of `editor` takes it."""
        card = reader(self.engine)
        if card is None:
            raise NoModelError("no model that reads expressions is loaded, so send `expression`")
        canvas = self._decode(data, clock).canvas()
        found = self._find(canvas, clock, only_largest=True)
        if not found:
            raise NoFaceError("no face was found in the reference; send one that shows a face")
        face = max(found, key=lambda face: face.box.area)
        reading = self._read(card, canvas, [face], clock)[0]
        if isinstance(editor.control, ExpressionVector):
            parameters = editor.control.parameters
            return {p.name: _settled(p, reading.vector.get(p.name, p.neutral)) for p in parameters}
        return max(editor.labels, key=lambda name: reading.expression.get(name, 0.0))

    def _read(
        self, card: Card, canvas: Canvas, faces: Sequence[Face], clock: Clock
    ) -> tuple[Reading, ...]:
        size, ground = card.pixels.size, card.pixels.ground
        with clock.stage("align"):
            assert card.alignment is not None  # the card's own rule for this task
            pairs = [_aligned(face, card.alignment.points, size) for face in faces]
            crops = [crop(canvas, matrix, size, ground) for _, matrix in pairs]
        with clock.stage("infer"):
            return read(self.engine, card, crops, timeout=clock.left())

    def _editor(self, model: str | None) -> Card:
        return editor(self.engine, model or self.settings.model)


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
