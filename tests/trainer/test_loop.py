"""The loop: accumulation, averages, logs, samples, stops, failures and exact resumption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import torch
from torch import Tensor, nn

from trainer import checkpoint, loop
from trainer.__main__ import main
from trainer.data.source import Batch, Source
from trainer.distributed import World
from trainer.methods.method import Loss, Method, Phase
from trainer.recipe import Recipe
from trainer.samples import grid

ROOT = Path(__file__).parents[2]
ALONE = World(rank=0, size=1, device=torch.device("cpu"))


class Numbers:
    """Batches of random numbers and what a fixed linear map makes of them."""

    def __init__(self, rows: int, fail_at: int | None = None) -> None:
        self.rows, self.fail_at = rows, fail_at

    def batch(self, step: int, rank: int, world: int) -> Batch:
        if step == self.fail_at:
            raise OSError("the disk is gone")
        x = torch.randn(self.rows, 3, generator=torch.Generator().manual_seed(step))
        return {"x": x, "y": x @ torch.tensor([[1.0], [2.0], [3.0]])}


class Toy(Method):
    """Two linear networks, each with an optimiser of its own."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self.networks = {"first": nn.Linear(3, 1), "second": nn.Linear(3, 1)}
        self.ema = ("first",)
        self.optimisers = {
            name: torch.optim.SGD(network.parameters(), recipe.learning_rate)
            for name, network in self.networks.items()
        }
        self.fit: Callable[[Batch], Loss] = self.plain_fit
        self.noise: list[float] = []
        self.slowness = 0.0

    def source(self, data: Path | None) -> Source:
        return Numbers(self.recipe.batch)

    def phases(self, step: int) -> Sequence[Phase]:
        return [Phase("fit", "first", self.fit), Phase("follow", "second", self.follow)]

    def plain_fit(self, batch: Batch) -> Loss:
        time.sleep(self.slowness)
        self.noise.append(float(torch.rand(())))
        error = (self.networks["first"](batch["x"]) - batch["y"]).square().mean()
        return error, {"error": error}

    def follow(self, batch: Batch) -> Loss:
        made = self.networks["first"](batch["x"])
        assert not made.requires_grad  # its parameters are not this phase's
        return (self.networks["second"](batch["x"]) - made).square().mean(), {}

    def samples(self, batch: Batch, networks: Mapping[str, nn.Module]) -> Tensor:
        assert not networks["first"].training
        return grid([torch.zeros(2, 3, 4, 4), torch.ones(2, 1, 4, 4)])


def toy(**changes: object) -> Toy:
    settings: dict[str, object] = {
        "name": "toy", "method": "toy", "size": 4, "batch": 8, "steps": 10, "learning_rate": 0.05,
        "log_every": 5, "checkpoint_every": 4, "samples_every": 5,
    }  # fmt: skip
    torch.manual_seed(0)
    return Toy(Recipe.model_validate(settings | changes))


def weights(method: Method) -> list[Tensor]:
    return [p.detach().clone() for n in method.networks.values() for p in n.parameters()]


def train(method: Toy, run: Path, *, resume: bool = False) -> loop.Outcome:
    return loop.train(method, method.source(None), run, ALONE, resume=resume)


def test_it_learns_and_logs(tmp_path: Path) -> None:
    outcome = train(toy(steps=100, log_every=10), tmp_path)
    assert outcome == loop.Outcome(step=100, reason="finished")
    lines = [json.loads(line) for line in (tmp_path / "stats.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(10, 101, 10))
    assert lines[-1]["fit/error"] < 0.01 * lines[0]["fit/error"]
    assert lines[-1]["pictures"] == 800
    assert lines[-1]["pictures_per_second"] > 0
    assert list((tmp_path / "tensorboard").glob("events*"))


def test_samples_are_pictures(tmp_path: Path) -> None:
    train(toy(), tmp_path)
    found = sorted((tmp_path / "samples").iterdir())
    assert [path.name for path in found] == ["0000005.png", "0000010.png"]
    picture = cv2.imread(str(found[0]))
    assert picture is not None
    assert picture.shape == (8, 8, 3)
    assert picture[0, 0].tolist() == [128] * 3
    assert picture[0, 4].tolist() == [255] * 3


def test_accumulation_gives_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    whole, parts = toy(), toy(accumulate=4)
    train(whole, tmp_path / "whole")
    train(parts, tmp_path / "parts")
    for one, other in zip(weights(whole), weights(parts), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


def test_a_batch_that_cannot_be_cut_is_named(tmp_path: Path) -> None:
    with pytest.raises(loop.TrainingError, match="8 rows cannot be cut into 3"):
        train(toy(accumulate=3), tmp_path)


def test_the_average_follows_its_formula(tmp_path: Path) -> None:
    method = toy(steps=3, ema_decay=0.15)
    weight = next(method.networks["first"].parameters())
    expected, seen = weight.detach().clone(), []
    fit = method.fit

    def record(batch: Batch) -> Loss:
        seen.append(weight.detach().clone())
        return fit(batch)

    method.fit = record
    train(method, tmp_path)
    for step, after in enumerate([*seen[1:], weight.detach()]):
        decay = min(0.15, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * after
    saved = checkpoint.load(tmp_path / checkpoint.FILE)
    torch.testing.assert_close(saved.ema["first"]["weight"], expected)


def test_the_rate_follows_the_schedule(tmp_path: Path) -> None:
    method = toy(schedule="linear_half", steps=8)
    rates = []
    fit = method.fit

    def record(batch: Batch) -> Loss:
        rates.append(method.optimisers["first"].param_groups[0]["lr"])
        return fit(batch)

    method.fit = record
    train(method, tmp_path)
    assert rates == pytest.approx([0.05 * f for f in (1, 1, 1, 1, 1, 0.75, 0.5, 0.25)])


def test_a_gradient_is_clipped(tmp_path: Path) -> None:
    method = toy(steps=1, clip=0.1)
    before = weights(method)[:2]
    train(method, tmp_path)
    moved = torch.cat([(a - b).flatten() for a, b in zip(weights(method)[:2], before, strict=True)])
    assert moved.norm().item() == pytest.approx(0.05 * 0.1, rel=1e-3)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_resuming_is_exact(tmp_path: Path, precision: str) -> None:
    unbroken, first, second = (toy(precision=precision, steps=9) for _ in range(3))
    train(unbroken, tmp_path / "a")
    first.fit = _stop_after(first, 6)
    with pytest.raises(loop.DivergedError):
        train(first, tmp_path / "b")
    train(second, tmp_path / "b", resume=True)
    for one, other in zip(weights(unbroken), weights(second), strict=True):
        assert torch.equal(one, other)
    a, b = (checkpoint.load(tmp_path / run / checkpoint.FILE) for run in "ab")
    assert torch.equal(a.ema["first"]["weight"], b.ema["first"]["weight"])
    assert (a.step, a.pictures) == (b.step, b.pictures) == (9, 72)
    assert second.noise == unbroken.noise[4:]  # random numbers too


def test_lines_beyond_the_checkpoint_are_told_once(tmp_path: Path) -> None:
    method = toy(log_every=1)
    method.fit = _stop_after(method, 7)
    with pytest.raises(loop.DivergedError):
        train(method, tmp_path)
    train(toy(log_every=1), tmp_path, resume=True)
    lines = (tmp_path / "stats.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == list(range(1, 11))


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    method = toy()
    method.fit = _stop_after(method, 5)
    with pytest.raises(loop.DivergedError, match="step 5: the loss of fit is nan") as caught:
        train(method, tmp_path)
    assert (caught.value.step, caught.value.phase) == (5, "fit")
    saved = checkpoint.load(tmp_path / checkpoint.FILE)
    assert saved.step == 4
    assert all(t.isfinite().all() for t in saved.networks["first"].values())


def test_a_source_that_fails_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk is gone"):
        loop.train(toy(), Numbers(8, fail_at=6), tmp_path, ALONE, resume=False)


def test_the_cap_on_minutes_stops_with_a_checkpoint(tmp_path: Path) -> None:
    method = toy(steps=100_000, minutes=0.3 / 60, schedule="linear_half")
    method.slowness = 0.02
    outcome = train(method, tmp_path)
    assert outcome.reason == "minutes"
    assert 5 <= outcome.step <= 30
    assert checkpoint.load(tmp_path / checkpoint.FILE).step == outcome.step


def test_minutes_count_over_all_resumes(tmp_path: Path) -> None:
    train(toy(steps=4), tmp_path)
    path = tmp_path / checkpoint.FILE
    checkpoint.save(path, replace(checkpoint.load(path), seconds=59.9))
    method = toy(steps=100_000, minutes=1)
    method.slowness = 0.05
    outcome = train(method, tmp_path, resume=True)
    assert outcome.reason == "minutes"
    assert 4 < outcome.step < 40
    assert checkpoint.load(path).seconds > 60
    assert train(method, tmp_path, resume=True) == outcome


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"network": {"width": 3}}, "another network"),
        ({"batch": 4}, "another batch"),
        ({"seed": 2}, "another seed"),
        ({"size": 8}, "another size"),
        ({"data": {"hue": 0.1}}, "another data"),
        ({"steps": 9}, "at step 10, beyond the 9 steps"),
    ],
)
def test_what_a_run_may_not_change_is_refused(
    tmp_path: Path, change: dict[str, object], named: str
) -> None:
    train(toy(), tmp_path)
    before = (tmp_path / checkpoint.FILE).read_bytes()
    with pytest.raises(checkpoint.CheckpointError, match=named):
        train(toy(**change), tmp_path, resume=True)
    assert (tmp_path / checkpoint.FILE).read_bytes() == before


def test_a_run_goes_on_with_another_rate(tmp_path: Path) -> None:
    train(toy(steps=2), tmp_path)
    method = toy(steps=6, learning_rate=0.005, weights={"paired": 2}, clip=1.0, warmup=4)
    rates = []
    fit = method.fit

    def record(batch: Batch) -> Loss:
        rates.append(method.optimisers["first"].param_groups[0]["lr"])
        return fit(batch)

    method.fit = record
    train(method, tmp_path, resume=True)
    assert rates == pytest.approx([0.005 * f for f in (0.75, 1, 1, 1)])


def test_a_run_with_other_networks_is_refused(tmp_path: Path) -> None:
    train(toy(), tmp_path)
    method = toy()
    method.networks["third"] = nn.Linear(1, 1)
    with pytest.raises(checkpoint.CheckpointError, match=r"first, second, and .* third"):
        train(method, tmp_path, resume=True)


def test_an_optimiser_of_other_parameters_is_refused(tmp_path: Path) -> None:
    train(toy(), tmp_path)
    method = toy()
    few = list(method.networks["first"].parameters())[:1]
    method.optimisers["first"] = torch.optim.SGD(few, 0.1)
    with pytest.raises(checkpoint.CheckpointError, match="optimiser of first does not fit"):
        train(method, tmp_path, resume=True)


def test_a_killed_run_resumes_to_the_same_bits(tiny: Path, drawn: Path, tmp_path: Path) -> None:
    common = [str(tiny), "--data", str(drawn), "--steps", "60"]
    with _trainer(common, tmp_path / "unbroken") as unbroken:
        with _trainer(common, tmp_path / "killed") as killed:
            path = tmp_path / "killed" / checkpoint.FILE
            _wait_for(path, killed)
            killed.kill()
            assert killed.wait() == -signal.SIGKILL
        assert 0 < checkpoint.load(path).step < 60
        with _trainer([*common, "--resume"], tmp_path / "killed") as resumed:
            assert resumed.wait(timeout=120) == 0
        assert unbroken.wait(timeout=120) == 0
    one, other = checkpoint.load(tmp_path / "unbroken" / checkpoint.FILE), checkpoint.load(path)
    assert one.step == other.step == 60
    for name in one.networks:
        for key, tensor in one.networks[name].items():
            assert torch.equal(tensor, other.networks[name][key]), (name, key)
    for key, tensor in one.ema["generator"].items():
        assert torch.equal(tensor, other.ema["generator"][key]), key


def test_sigterm_writes_a_checkpoint(tiny: Path, drawn: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with _trainer([str(tiny), "--data", str(drawn), "--steps", "100000"], run) as process:
        _wait_for(run / checkpoint.FILE, process)
        process.terminate()
        assert process.wait(timeout=60) == 0
    step = checkpoint.load(run / checkpoint.FILE).step
    assert f"signal after {step} of 100000 steps" in (tmp_path / "run.log").read_text()


def test_the_command_refuses_to_overwrite_a_run(
    tiny: Path, drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", str(tiny), "--data", str(drawn), "--out", str(tmp_path / "run"),
               "--device", "cpu", "--steps", "2"]  # fmt: skip
    assert main(command) == 0
    assert main(command) == 2
    assert "--resume" in capsys.readouterr().err


def test_the_command_names_a_missing_recipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "nothing", "--out", str(tmp_path / "run")]) == 2
    assert "decoder_control_small" in capsys.readouterr().err


def _stop_after(method: Toy, calls: int) -> Callable[[Batch], Loss]:
    """The method's loss `fit`, which is no number from call `calls` on."""
    count = iter(range(10**6))

    def broken(batch: Batch) -> Loss:
        loss, figures = method.plain_fit(batch)
        return (loss if next(count) < calls else loss * float("nan")), figures

    return broken


@contextmanager
def _trainer(arguments: list[str], run: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`trainer train` in a process of its own; what it says goes to RUN.log."""
    command = [sys.executable, "-m", "trainer", "train", *arguments, "--device", "cpu", "--out"]
    with run.with_name(run.name + ".log").open("wb") as log:
        process = subprocess.Popen(
            [*command, str(run)],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while not path.exists():
        assert process.poll() is None, "the run ended before its first checkpoint"
        assert time.monotonic() < deadline, "no checkpoint in 90 seconds"
        time.sleep(0.005)
