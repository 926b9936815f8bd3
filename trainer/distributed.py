"""The processes of one run, as torchrun starts them; a lone process is a world of one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


class DeviceError(RuntimeError):
    """The device that was asked for is not there; the message names those that are."""


@dataclass(frozen=True, slots=True)
class World:
    """This process: number `rank` of `size`, at work on `device`."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def share(self, networks: Iterable[nn.Module]) -> None:
        """Give every process the weights of rank 0."""
        if self.size > 1:
            for network in networks:
                for tensor in network.state_dict().values():
                    dist.broadcast(tensor, 0)

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over the processes, in one message."""
        if self.size == 1:
            return
        parameters = list(parameters)
        for p in parameters:
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        grads = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([grad.reshape(-1) for grad in grads])
        dist.all_reduce(flat)
        flat /= self.size
        at = 0
        for grad in grads:
            grad.copy_(flat[at : at + grad.numel()].view(grad.shape))
            at += grad.numel()

    def mean(self, values: Tensor) -> Tensor:
        """The mean of `values` over the processes."""
        if self.size > 1:
            dist.all_reduce(values)
            values = values / self.size
        return values

    def any(self, flag: bool) -> bool:
        """Whether `flag` is true in any process; all get the same answer."""
        if self.size == 1:
            return flag
        value = torch.tensor([int(flag)], device=self.device)
        dist.all_reduce(value, op=dist.ReduceOp.MAX)
        return bool(value.item())

    def close(self) -> None:
        """Leave the group of processes."""
        if self.size > 1:
            dist.destroy_process_group()


def join(device: str = "auto") -> World:
    """Join the processes that torchrun started (it sets RANK, WORLD_SIZE, LOCAL_RANK).

    `device`: auto (cuda, then mps, then cpu), or a name torch knows. Raises DeviceError.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    chosen = pick_device(device, int(os.environ.get("LOCAL_RANK", "0")))
    if size > 1:
        if chosen.type == "cuda":
            torch.cuda.set_device(chosen)
        dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    return World(rank=rank, size=size, device=chosen)


def pick_device(name: str, local_rank: int = 0) -> torch.device:
    """The torch device for `name` (see join). Raises DeviceError when it is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next((kind for kind, usable in there.items() if usable), "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(f"unknown device {name!r}; use auto, cpu, cuda or mps") from error
    if not there.get(device.type, device.type == "cpu"):
        usable = ["cpu", *(kind for kind, works in there.items() if works)]
        raise DeviceError(f"{name} is not usable on this machine; usable: {', '.join(usable)}")
    if name == "cuda":
        return torch.device("cuda", local_rank)
    return device
