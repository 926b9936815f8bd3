"""`python -m trainer train RECIPE --data DIR --out RUN`: train a method by its recipe."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from trainer import checkpoint, loop, provenance
from trainer.command import at_least, refusals_told
from trainer.distributed import World, join
from trainer.methods import registry
from trainer.precision import has_bf16
from trainer.recipe import read_recipe, recipe_from


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("train", help="train a method by its recipe")
    parser.add_argument("recipe", help="name of a recipe, or the path of a .toml file")
    parser.add_argument("--data", type=Path, help="folder of a data set (see draw)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the run")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--start", type=Path, help="go on from this run or exported model (cel)")
    parser.add_argument(
        "--steps", type=at_least(1), help="train so many steps instead of the recipe's"
    )
    parser.set_defaults(run=run)


@refusals_told
def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    world = join(arguments.device)
    try:
        return _train(arguments, world)
    finally:
        world.close()


def _train(arguments: argparse.Namespace, world: World) -> int:
    recipe = read_recipe(arguments.recipe)
    if arguments.steps is not None:
        recipe = recipe_from(recipe.model_dump() | {"steps": arguments.steps}, "--steps")
    if arguments.start is not None:
        network = recipe.model_dump()["network"] | {"start": str(arguments.start)}
        recipe = recipe_from(recipe.model_dump() | {"network": network}, "--start")
    if recipe.precision == "bf16" and not has_bf16(world.device):
        if world.leads:
            print("this device has no bf16 instructions: training in fp32", file=sys.stderr)
        recipe = recipe_from(recipe.model_dump() | {"precision": "fp32"}, "precision")
    out: Path = arguments.out
    begun = (out / checkpoint.FILE).exists()
    if begun and not arguments.resume:
        raise checkpoint.CheckpointError(
            f"{out} has a checkpoint already; go on with --resume, or choose another folder"
        )
    torch.manual_seed(recipe.seed)
    method = registry.build(recipe)
    if not begun:
        method.begin()
    source = method.source(arguments.data)
    if begun:
        provenance.check_same_data(out, arguments.data)

    def note() -> None:
        provenance.record(out, arguments.data, method.origins)
        (out / "recipe.json").write_text(recipe.model_dump_json(indent=1) + "\n", encoding="utf-8")

    outcome = loop.train(method, source, out, world, resume=arguments.resume, note=note)
    if world.leads:
        print(f"{outcome.reason} after {outcome.step} of {recipe.steps} steps: {out}")
    return 0
