"""Methods by the name that recipes use. Each is a module here that names its class METHOD."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Final, cast

from trainer import checkpoint
from trainer.methods.method import Method
from trainer.recipe import Recipe, RecipeError, recipe_from

METHODS: Final = ("cel", "decoder_control", "finder", "judge", "reader", "tagger")


def method_class(name: str) -> type[Method]:
    """The class of the method `name`. Raises RecipeError when there is none."""
    if name not in METHODS:
        raise RecipeError(f"unknown method {name!r}; known are {', '.join(METHODS)}")
    module = importlib.import_module(f"trainer.methods.{name}")
    return cast(type[Method], module.METHOD)


def build(recipe: Recipe) -> Method:
    """The method of `recipe`, untrained."""
    return method_class(recipe.method)(recipe)


def trained(run: Path) -> Method:
    """The method of the run in folder `run` with its trained networks, in evaluation mode on the
    CPU; where the run kept a moving average of a network, that average. Raises CheckpointError.
    """
    saved = checkpoint.load(run / checkpoint.FILE)
    method = build(recipe_from(saved.recipe, str(run)))
    for name, network in method.networks.items():
        state = saved.ema.get(name) or saved.networks.get(name)
        if state is None:
            raise checkpoint.CheckpointError(
                f"{run} has no network {name}, though its recipe asks for one; train it again"
            )
        checkpoint.fill(network, state, f"{run}: {name}")
        network.eval()
    return method
