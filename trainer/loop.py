"""The one loop that trains every method: devices, precision, accumulation, averages, schedules,
checkpoints, samples and logs. What a step computes is the method's business.

A step is a pure function of the state before it and its number (batches and random numbers come
from (seed, step)), so a run that is killed and resumed ends with the weights of an unbroken one.
"""

from __future__ import annotations

import math
import queue
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

from trainer import checkpoint, samples
from trainer.data.source import Batch, Source
from trainer.distributed import World
from trainer.ema import Average
from trainer.methods.method import Method, Phase
from trainer.stats import Stats

SAMPLE_STEP: Final = 2**31 - 1
"""The step whose batch is shown in samples: no run trains on it."""

_AHEAD: Final = 3


class TrainingError(RuntimeError):
    """Training cannot go on."""


class DivergedError(TrainingError):
    """A loss is no longer a finite number. The last checkpoint is as it was before."""

    def __init__(self, step: int, phase: str, loss: float) -> None:
        super().__init__(
            f"step {step}: the loss of {phase} is {loss}; resume from the last checkpoint with a "
            "lower learning rate, gradient clipping or precision fp32"
        )
        self.step = step
        self.phase = phase
        self.loss = loss


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: after `step` steps, because of `reason`."""

    step: int
    reason: Literal["finished", "minutes", "signal"]


def train(
    method: Method,
    source: Source,
    run: Path,
    world: World,
    *,
    resume: bool,
    note: Callable[[], None] | None = None,
) -> Outcome:
    """Train `method` on `source`, with everything written to the folder `run`.

    With `resume`, goes on from the run's checkpoint when there is one. SIGTERM and SIGINT end the
    run after the current step, with a checkpoint. `note` is called once, where this process leads
    and the checkpoint can be gone on from; nothing is written before. Raises DivergedError,
    CheckpointError.
    """
    recipe = method.recipe
    for network in (*method.networks.values(), *method.frozen.values()):
        network.to(world.device)
        for parameter in network.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    world.share(method.networks.values())
    averages = {n: Average(method.networks[n], recipe.ema_decay) for n in method.ema}
    for network in method.frozen.values():
        network.eval().requires_grad_(False)

    start, pictures, spent = 0, 0, 0.0
    if resume and (run / checkpoint.FILE).exists():
        start, pictures, spent = _restore(method, averages, run / checkpoint.FILE)
    run.mkdir(parents=True, exist_ok=True)
    if note and world.leads:
        note()
    began = time.monotonic()

    def seconds() -> float:
        return spent + time.monotonic() - began

    def save(step: int) -> None:
        if world.leads:
            checkpoint.save(
                run / checkpoint.FILE,
                checkpoint.Checkpoint(
                    step=step,
                    networks={n: m.state_dict() for n, m in method.networks.items()},
                    ema={n: a.network.state_dict() for n, a in averages.items()},
                    optimisers={n: o.state_dict() for n, o in method.optimisers.items()},
                    recipe=recipe.model_dump(mode="json"),
                    pictures=pictures,
                    seconds=seconds(),
                ),
            )

    base_rates = {
        name: [float(group["lr"]) for group in optimiser.param_groups]
        for name, optimiser in method.optimisers.items()
    }
    reason: Literal["finished", "minutes", "signal"] = "finished"
    step = start
    window: dict[str, list[Tensor]] = defaultdict(list)
    window_began, window_pictures = time.monotonic(), 0
    with ExitStack() as stack:
        stats = stack.enter_context(closing(Stats(run, start))) if world.leads else None
        bar = stack.enter_context(
            tqdm(
                total=recipe.steps,
                initial=start,
                unit="step",
                disable=not world.leads,
                mininterval=1.0,
            )
        )
        stopped = stack.enter_context(_stop_signals())
        batches = stack.enter_context(_prefetch(source, start, recipe.steps, world))
        for network in method.networks.values():
            network.train()
        for batch in batches:
            over = recipe.minutes is not None and seconds() > 60.0 * recipe.minutes
            if world.any(stopped.is_set() or over):
                reason = "signal" if stopped.is_set() else "minutes"
                break
            batch = _to(batch, world.device)
            torch.manual_seed((recipe.seed * 1_000_003 + step) * 1_009 + world.rank)
            factor = method.schedule(step, recipe.steps)
            for phase in method.phases(step):
                optimiser = method.optimisers[phase.optimiser]
                for group, rate in zip(
                    optimiser.param_groups, base_rates[phase.optimiser], strict=True
                ):
                    group["lr"] = rate * factor
                for name, value in _move(method, phase, batch, step, world).items():
                    window[f"{phase.name}/{name}"].append(value)
            for name, average in averages.items():
                average.update(method.networks[name], step)
            step += 1
            pictures += recipe.batch
            window_pictures += recipe.batch
            bar.update()

            last = step == recipe.steps
            if step % recipe.log_every == 0 or last:
                elapsed = max(time.monotonic() - window_began, 1e-9)
                figures = _means(window, world)
                figures["rate_factor"] = factor
                figures["pictures"] = float(pictures)
                figures["pictures_per_second"] = window_pictures / elapsed
                if stats:
                    stats.write(step, figures)
                bar.set_postfix_str(f"{figures['pictures_per_second']:.1f} pictures/s")
                window.clear()
                window_began, window_pictures = time.monotonic(), 0
            if (step % recipe.samples_every == 0 or last) and world.leads:
                _show(method, averages, source, run, step, world)
            if step % recipe.checkpoint_every == 0 and not last:
                save(step)
        save(step)
    return Outcome(step=step, reason=reason)


def _move(method: Method, phase: Phase, batch: Batch, step: int, world: World) -> dict[str, Tensor]:
    """One optimiser step over the whole batch, in `accumulate` parts. Returns mean figures."""
    recipe = method.recipe
    optimiser = method.optimisers[phase.optimiser]
    trained = [p for group in optimiser.param_groups for p in group["params"]]
    _only(method, trained)
    optimiser.zero_grad(set_to_none=True)
    figures: dict[str, Tensor] = {}
    parts = _split(batch, recipe.accumulate)
    for part in parts:
        with torch.autocast(
            world.device.type, dtype=torch.bfloat16, enabled=recipe.precision == "bf16"
        ):
            loss, shown = phase.loss(part)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise DivergedError(step, phase.name, value)
        (loss / len(parts)).backward()  # type: ignore[no-untyped-call]
        for name, figure in {"loss": loss, **shown}.items():
            mean = figure.detach().float() / len(parts)
            figures[name] = figures[name] + mean if name in figures else mean
    world.average(trained)
    if recipe.clip is not None:
        figures["gradient"] = nn.utils.clip_grad_norm_(trained, recipe.clip).detach()
    optimiser.step()
    return figures


def _only(method: Method, trained: list[nn.Parameter]) -> None:
    """Let gradients reach `trained` and no other parameter of the method's networks."""
    wanted = {id(p) for p in trained}
    for network in method.networks.values():
        for parameter in network.parameters():
            parameter.requires_grad_(id(parameter) in wanted)


def _split(batch: Batch, parts: int) -> list[Batch]:
    rows = len(next(iter(batch.values())))
    if rows % parts:
        raise TrainingError(f"a batch of {rows} rows cannot be cut into {parts} equal parts")
    chunks = {name: tensor.chunk(parts) for name, tensor in batch.items()}
    return [{name: chunk[i] for name, chunk in chunks.items()} for i in range(parts)]


def _to(batch: Batch, device: torch.device) -> Batch:
    return {
        name: tensor.to(device, non_blocking=True, memory_format=torch.channels_last)
        if tensor.dim() == 4
        else tensor.to(device, non_blocking=True)
        for name, tensor in batch.items()
    }


def _means(window: dict[str, list[Tensor]], world: World) -> dict[str, float]:
    if not window:
        return {}
    means = world.mean(torch.stack([torch.stack(values).mean() for values in window.values()]))
    return dict(zip(window, (float(mean) for mean in means), strict=True))


@torch.no_grad()
def _show(
    method: Method,
    averages: dict[str, Average],
    source: Source,
    run: Path,
    step: int,
    world: World,
) -> None:
    networks = {n: averages[n].network if n in averages else m for n, m in method.networks.items()}
    modes = {name: network.training for name, network in networks.items()}
    for network in networks.values():
        network.eval()
    batch = _to(source.batch(SAMPLE_STEP, world.rank, world.size), world.device)
    samples.write_png(run / "samples" / f"{step:07d}.png", method.samples(batch, networks))
    for name, network in networks.items():
        network.train(modes[name])


def _restore(method: Method, averages: dict[str, Average], path: Path) -> tuple[int, int, float]:
    """State, pictures and seconds of the checkpoint; rates and the like stay the recipe's."""
    saved = checkpoint.load(path)
    checkpoint.check_goes_on(saved, method.recipe.model_dump(mode="json"), path)
    pairs: tuple[tuple[str, Mapping[str, object], Mapping[str, object]], ...] = (
        ("networks", saved.networks, method.networks),
        ("averages", saved.ema, averages),
        ("optimisers", saved.optimisers, method.optimisers),
    )
    for what, stored, wanted in pairs:
        if stored.keys() != wanted.keys():
            raise checkpoint.CheckpointError(
                f"{path} has the {what} {', '.join(stored)}, and this recipe trains "
                f"{', '.join(wanted)}; resume with its own recipe, or choose another folder"
            )
    for name, network in method.networks.items():
        checkpoint.fill(network, saved.networks[name], f"{path}: {name}")
    for name, average in averages.items():
        checkpoint.fill(average.network, saved.ema[name], f"{path}: average of {name}")
    for name, optimiser in method.optimisers.items():
        _fill_optimiser(optimiser, saved.optimisers[name], f"{path}: optimiser of {name}")
    return saved.step, saved.pictures, saved.seconds


def _fill_optimiser(optimiser: Optimizer, state: dict[str, Any], what: str) -> None:
    """What `optimiser` has learnt about its parameters, with its own settings."""
    settings = [{k: v for k, v in g.items() if k != "params"} for g in optimiser.param_groups]
    try:
        optimiser.load_state_dict(state)
    except (ValueError, KeyError) as error:
        raise checkpoint.CheckpointError(f"{what} does not fit: {error}") from error
    for group, own in zip(optimiser.param_groups, settings, strict=True):
        group.update(own)


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM or SIGINT sets while the block runs."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def stop(number: int, frame: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _prefetch(source: Source, start: int, total: int, world: World) -> Iterator[Iterator[Batch]]:
    """The batches of steps start ... total-1, made a few ahead in a thread of their own."""
    ready: queue.Queue[Batch | BaseException] = queue.Queue(_AHEAD)
    ended = threading.Event()

    def put(item: Batch | BaseException) -> bool:
        while not ended.is_set():
            try:
                ready.put(item, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def make() -> None:
        try:
            for step in range(start, total):
                batch = source.batch(step, world.rank, world.size)
                if world.device.type == "cuda":
                    batch = {name: tensor.pin_memory() for name, tensor in batch.items()}
                if not put(batch):
                    return
        except BaseException as error:  # told to the loop, which raises it
            put(error)

    def take() -> Iterator[Batch]:
        for _ in range(start, total):
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=make, name="prefetch", daemon=True)
    thread.start()
    try:
        yield take()
    finally:
        ended.set()
        thread.join()
