"""A recipe: one experiment in one TOML file - method, data, sizes, weights of losses, schedule.

Sections that only a method understands (`network`, `weights`, `data`) are checked by the method,
with `Recipe.section`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

RECIPES: Final = Path(__file__).parent / "recipes"

Section = Literal["network", "weights", "data"]


class RecipeError(ValueError):
    """A recipe that cannot be used; the message names it and says what to change."""


class Options(BaseModel):
    """Base of a method's own sections: frozen, and unknown names are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


OptionsT = TypeVar("OptionsT", bound=Options)


class Recipe(BaseModel):
    """The settings of a training run."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str = ""
    method: str
    size: int = Field(gt=0, description="side of the pictures that the networks see, pixels")
    batch: int = Field(gt=0, description="items of one step, over all processes and accumulations")
    accumulate: int = Field(default=1, gt=0, description="parts that a step's batch is cut into")
    steps: int = Field(gt=0)
    minutes: float | None = Field(
        default=None,
        gt=0,
        description="stop with a checkpoint after so long, over all resumes; steps rule the rate",
    )
    precision: Literal["fp32", "bf16"] = "fp32"
    compile: bool = Field(default=False, description="fuse the costly parts with torch.compile")
    seed: int = Field(default=1, ge=0, lt=2**32)
    learning_rate: float = Field(gt=0)
    betas: tuple[float, float] = (0.9, 0.999)
    schedule: Literal["constant", "linear_half", "cosine"] = "constant"
    warmup: int = Field(default=0, ge=0, description="steps over which the rate rises from zero")
    clip: float | None = Field(default=None, gt=0, description="largest norm of a gradient")
    ema_decay: float = Field(default=0.999, ge=0, lt=1)
    checkpoint_every: int = Field(default=1000, gt=0)
    samples_every: int = Field(default=1000, gt=0)
    log_every: int = Field(default=50, gt=0)
    network: dict[str, Any] = {}
    weights: dict[str, Any] = {}
    data: dict[str, Any] = {}

    def section(self, name: Section, model: type[OptionsT]) -> OptionsT:
        """The section `name` read as `model`. Raises RecipeError for what does not fit."""
        try:
            return model.model_validate(getattr(self, name))
        except ValidationError as error:
            raise RecipeError(f"recipe {self.name}: {_first(error, name)}") from error


def read_recipe(name: str | Path) -> Recipe:
    """Read a recipe by the name of one that comes with the trainer, or from a TOML file.

    Raises RecipeError when it does not exist or does not fit.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = RECIPES / f"{name}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = ", ".join(sorted(file.stem for file in RECIPES.glob("*.toml")))
        raise RecipeError(
            f"no recipe {name}; known are {known}, or give the path of a .toml file"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path} cannot be read: {error}") from error
    return recipe_from({"name": path.stem, **content}, str(path))


def recipe_from(content: dict[str, Any], where: str) -> Recipe:
    """A recipe from plain values (a checkpoint's). Raises RecipeError, which names `where`."""
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise RecipeError(f"{where}: {_first(error)}") from error


def _first(error: ValidationError, *prefix: str) -> str:
    detail = error.errors()[0]
    return f"{'.'.join([*prefix, *(str(part) for part in detail['loc'])])}: {detail['msg']}"
