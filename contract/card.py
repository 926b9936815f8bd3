"""The model card: all that a gateway must know to run a model, written once, beside the weights.

The exporter writes `NAME/card.json`; the same text is stored in `config.pbtxt` under
`parameters { key: "card" }`. This module leaves running the model to `engines/`.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contract.labels import LANDMARKS

CARD_VERSION: Final = 1

EYES: Final = ("left_eye", "right_eye")
"""The landmarks that every alignment has."""

_LEAST_EYE_DISTANCE: Final = 0.01
"""In sides of the crop."""

Task = Literal["find_faces", "edit_expression", "read_expression"]


class CardError(ValueError):
    """A card that cannot be used; the message names the card and says what to do."""


class CardVersionError(CardError):
    """The card was written for another version of this contract."""


class WeightsMismatchError(CardError):
    """The weights beside the card are not the ones that the card describes."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Tensor(_Frozen):
    """A tensor of the model. `shape` has -1 where a size is free (the batch, mostly)."""

    name: str
    dtype: Literal["float32", "int64", "uint8"] = "float32"
    shape: tuple[int, ...]


Level = Annotated[int, Field(ge=0, le=255)]


class Pixels(_Frozen):
    """How pictures enter: NCHW, sRGB scaled to `value_range`, transparent parts over `ground`."""

    size: int = Field(gt=0, description="side of the square input, pixels")
    value_range: tuple[float, float] = (-1.0, 1.0)
    channels: Literal["RGB"] = "RGB"
    ground: tuple[Level, Level, Level] = (200, 200, 200)

    @model_validator(mode="after")
    def _has_a_range(self) -> Pixels:
        low, high = self.value_range
        if not low < high:
            raise ValueError(f"value_range goes from {low} to {high}; the second must be larger")
        return self


class Alignment(_Frozen):
    """Where named landmarks lie in the aligned crop, as fractions of its side, x then y."""

    points: dict[str, tuple[float, float]]

    @model_validator(mode="after")
    def _has_two_eyes(self) -> Alignment:
        missing = [name for name in EYES if name not in self.points]
        if missing:
            raise ValueError(f"the points lack {' and '.join(missing)}; a face lies by its eyes")
        left, right = (self.points[name] for name in EYES)
        if math.dist(left, right) < _LEAST_EYE_DISTANCE:
            raise ValueError("both eyes lie in the same place; a face cannot be aligned to that")
        return self


class ParameterSpec(_Frozen):
    """One continuous parameter of the control: its name, range and resting value."""

    name: str
    low: float
    high: float
    neutral: float

    @model_validator(mode="after")
    def _has_a_range(self) -> ParameterSpec:
        if not (self.low < self.high and self.low <= self.neutral <= self.high):
            raise ValueError(
                f"{self.name} goes from {self.low} to {self.high} and rests at {self.neutral}; "
                "high must be larger than low, and neutral between them"
            )
        return self


class OneHot(_Frozen):
    """The control is a one-hot vector over the card's labels."""

    kind: Literal["one_hot"] = "one_hot"


class ExpressionVector(_Frozen):
    """The control is [value * set, set] over P parameters, 2P numbers.

    `value` is the wanted parameter, scaled so that neutral is 0 and the farther end of its range is
    1 or -1; `set` is 1 where the parameter is asked for and 0 where the face keeps its own. All
    zeros leave the picture as it is. Presets give the wanted value of every parameter they set.
    `drawn` names the parameters that the network is not asked for: whoever runs it draws them in
    the picture's own pixels, by the network's `landmarks`.
    """

    kind: Literal["expression_vector"] = "expression_vector"
    parameters: tuple[ParameterSpec, ...]
    presets: dict[str, dict[str, float]]
    drawn: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_what_presets_set(self) -> ExpressionVector:
        known = {p.name: p for p in self.parameters}
        if len(known) < len(self.parameters):
            raise ValueError("two parameters have the same name")
        for name in self.drawn:
            if name not in known:
                raise ValueError(f"{name} is to be drawn, which is no parameter here")
        both = sorted(known.keys() & self.presets)
        if both:
            raise ValueError(f"{both[0]} is the name of a parameter and of a preset")
        for preset, values in self.presets.items():
            for name, value in values.items():
                if name not in known:
                    raise ValueError(f"the preset {preset} sets {name}, which is no parameter here")
                p = known[name]
                if not p.low <= value <= p.high:
                    raise ValueError(
                        f"the preset {preset} sets {name} to {value}; it goes from {p.low} to "
                        f"{p.high}"
                    )
        return self


Control = Annotated[OneHot | ExpressionVector, Field(discriminator="kind")]


class Figure(_Frozen):
    """A quality figure and the command that measured it."""

    name: str
    value: float
    measured_by: str


class Provenance(_Frozen):
    """Where the weights come from."""

    recipe: str
    data: str
    seed: int
    revision: str
    pictures_seen: int
    libraries: dict[str, str]


class Card(_Frozen):
    """A model, as every part of celmood sees it.

    Outputs by task, for N pictures of S pixels: `find_faces`, see `faces.find`; `edit_expression`,
    `paint` [N,3,S,S], `mask` [N,1,S,S] and, from some, `displacement` [N,2,S,S] and `landmarks`
    [N,2,K,2] in sides (those of `contract.labels.LANDMARKS`, before and after the change);
    `read_expression`, `vector` [N,P], the values of `control` scaled as there, and probabilities
    `expression` [N,L] of `labels` (they add up to 1) and `attributes` [N,A] (each for itself).
    """

    card_version: Literal[1] = CARD_VERSION
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: int = Field(default=1, ge=1)
    task: Task
    description: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    pixels: Pixels
    alignment: Alignment | None = None
    labels: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    control: Control | None = None
    licence: str
    provenance: Provenance
    quality: tuple[Figure, ...] = ()
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _complete(self) -> Card:
        if self.task == "edit_expression" and (self.alignment is None or self.control is None):
            raise ValueError("a card for edit_expression needs alignment and control")
        if self.task == "read_expression" and not (
            self.alignment
            and isinstance(self.control, ExpressionVector)
            and self.labels
            and self.attributes
        ):
            raise ValueError(
                "a card for read_expression needs alignment, an expression vector as control, and "
                "the names of expressions (labels) and attributes"
            )
        if (
            isinstance(self.control, ExpressionVector)
            and self.control.drawn
            and "landmarks" not in {tensor.name for tensor in self.outputs}
        ):
            raise ValueError(
                f"{self.control.drawn[0]} is to be drawn, which needs the output landmarks"
            )
        if self.task == "find_faces" and not self.labels:
            raise ValueError("a card for find_faces needs the names of its landmarks as labels")
        if isinstance(self.control, OneHot) and not self.labels:
            raise ValueError(
                "a card with a one-hot control needs the names it stands for as labels"
            )
        return self

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Card:
        """What the tensors' shapes say is what the rest of the card says."""
        stated = self._stated()
        for tensor in (*self.inputs, *self.outputs):
            sizes = stated.get(tensor.name, tensor.shape[1:])
            if len(tensor.shape) != 1 + len(sizes) or any(
                -1 not in pair and pair[0] != pair[1]
                for pair in zip(tensor.shape[1:], sizes, strict=True)
            ):
                raise ValueError(
                    f"the tensor {tensor.name} has the shape {list(tensor.shape)}; by the size of "
                    f"the pixels, the labels and the control it has {[-1, *sizes]}"
                )
        return self

    def _stated(self) -> dict[str, tuple[int, ...]]:
        """The sizes after the batch that the card gives tensors elsewhere, by their names."""
        side, labels = self.pixels.size, len(self.labels)
        stated: dict[str, tuple[int, ...]] = {"image": (3, side, side)}
        if isinstance(self.control, OneHot):
            stated["control"] = (labels,)
        elif isinstance(self.control, ExpressionVector):
            count = len(self.control.parameters)
            stated |= {"control": (2 * count,), "vector": (count,)}
        if self.task == "edit_expression":
            stated["landmarks"] = (2, len(LANDMARKS), 2)
        if self.task == "find_faces":
            stated["landmarks"] = (2 * labels, -1, -1)
        elif self.task == "read_expression":
            stated |= {"expression": (labels,), "attributes": (len(self.attributes),)}
        return stated


def parse_card(text: str, where: str = "card") -> Card:
    """Read a card from JSON. `where` is named in errors.

    Raises CardVersionError for a version that this release does not know, CardError otherwise.
    """
    try:
        head = _Head.model_validate_json(text)
    except ValidationError as error:
        raise CardError(f"{where} is not a model card: {_first(error)}") from error
    if head.card_version != CARD_VERSION:
        raise CardVersionError(
            f"{where} has card version {head.card_version}, this release reads version "
            f"{CARD_VERSION}; export the model again with this release, or install the release "
            "that wrote it"
        )
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        raise CardError(f"{where} cannot be used: {_first(error)}") from error


def read_card(path: Path) -> Card:
    """Read the card at `path`. Raises CardError when it is missing, unreadable or wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"{path} cannot be read: {error}") from error
    return parse_card(text, str(path))


def check_weights(card: Card, weights: bytes) -> None:
    """Raise WeightsMismatchError unless `weights` have the sha256 that the card states."""
    digest = hashlib.sha256(weights).hexdigest()
    if digest != card.weights_sha256:
        raise WeightsMismatchError(
            f"the weights of {card.name} have sha256 {digest[:12]}, its card says "
            f"{card.weights_sha256[:12]}; export the model again or restore the file"
        )


class _Head(BaseModel):
    card_version: int


def _first(error: ValidationError) -> str:
    detail = error.errors()[0]
    place = ".".join(str(part) for part in detail["loc"])
    told = str(detail.get("ctx", {}).get("error", detail["msg"]))
    return f"{place}: {told}" if place else told
