"""Several processes that play one run together, each on its own part of every batch."""

import atexit
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from sparring.errors import SparringError


class Lost(SparringError):
    """Another process of the run is gone, and nothing can be played without it."""


class Ranks:
    """The processes of a run, as one of them sees them; alone by default, and then nothing here takes any time.

    Args:
        rank: of this process, from 0; the first one leads: it alone writes, and says when another step is played.
        world: how many there are.
        device: where what is exchanged must lie.

    >>> Ranks().leads, Ranks().alone
    (True, True)
    """

    def __init__(self, rank: int = 0, world: int = 1, device: torch.device | None = None) -> None:
        self.rank, self.world = rank, world
        self._device = device or torch.device("cpu")

    @property
    def leads(self) -> bool:
        """Whether this is the first one."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        """Whether there is no other."""
        return self.world == 1

    def device(self, name: str) -> str:
        """Of a device such as `auto` or `cuda`, which this process computes on: GPUs are not shared."""
        if self._device.type == "cuda":
            return f"cuda:{torch.cuda.current_device()}"
        return "cpu" if name == "auto" else name

    def add_(self, tensors: Sequence[Tensor]) -> None:
        """Make each of some tensors the sum of what it is in every process; they travel as one, or one of each type.

        Raises:
            Lost: a process is gone.
        """
        if self.alone:
            return
        for dtype in sorted({one.dtype for one in tensors}, key=str):
            some = [one for one in tensors if one.dtype == dtype]
            bucket = torch.cat([one.flatten() for one in some])
            with _together():
                dist.all_reduce(bucket)
            for one, total in zip(some, torch.split(bucket, [one.numel() for one in some]), strict=True):
                one.copy_(total.view(one.shape))

    def follow_(self, tensors: Sequence[Tensor]) -> None:
        """Make each of some tensors what it is in the process that leads.

        Raises:
            Lost: a process is gone.
        """
        if not self.alone:
            for one in tensors:
                there = one.to(self._device).contiguous()
                with _together():
                    dist.broadcast(there, 0)
                one.copy_(there)

    def go_on(self, seconds: float) -> float | None:
        """What the leading process says before a step: the seconds of training so far; None if none is to come.

        Raises:
            Lost: a process is gone.
        """
        if self.alone:
            return seconds
        said = torch.tensor([1.0, seconds], dtype=torch.float64)
        self.follow_([said])
        return float(said[1]) if said[0] else None

    def stop(self) -> None:
        """Say that no step is to come, if this is the process to say so."""
        if self.leads:
            self.follow_([torch.zeros(2, dtype=torch.float64)])

    def told(self, facts: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What the leading process says, as far as JSON has it; it gives the facts, and the others nothing.

        Raises:
            Lost: a process is gone.
        """
        said = torch.frombuffer(bytearray(json.dumps(facts).encode()), dtype=torch.uint8)
        length = torch.tensor([len(said)])
        self.follow_([length])
        said = said if self.leads else torch.zeros(int(length), dtype=torch.uint8)
        self.follow_([said])
        found: dict[str, Any] = json.loads(said.numpy().tobytes())
        return found


ALONE = Ranks()


def join(device: str = "auto") -> Ranks:
    """The processes that this one is one of.

    A process group that is there already (Ray Train, Accelerate) is used as it is; else one is made of what torchrun or
    SLURM's launcher say in the environment; without either, this process is alone.

    Args:
        device: that the run will compute on, by name.
    """
    if not dist.is_available():
        return ALONE
    if not dist.is_initialized():
        if int(os.environ.get("WORLD_SIZE", "1")) < 2:
            return ALONE
        dist.init_process_group("nccl" if _on_gpu(device) else "gloo")
        atexit.register(_leave)  # or its threads would still be at work when the process ends, which then aborts
    there = torch.device("cuda", torch.cuda.current_device()) if dist.get_backend() == "nccl" else torch.device("cpu")
    return Ranks(dist.get_rank(), dist.get_world_size(), there)


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def _on_gpu(device: str) -> bool:
    """Whether this process computes on a GPU of its own, which becomes the current one."""
    if not torch.cuda.is_available() or device not in ("auto", "cuda"):
        return False
    torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    return True


@contextmanager
def _together() -> Iterator[None]:
    try:
        yield
    except RuntimeError:  # of which the backend has a page to say
        raise Lost("another process of this run is gone") from None
