"""What is measured of a side beside its speed: memory, floating-point operations, and the most that a machine does."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import inf
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from benchmarks.speed_sides import Side, wait
from sparring.nn import linear, pictures

MEGA = 1e6
SIDES = {"cpu": 2048, "cuda": 8192}
"""Rows of the square matrices whose product is timed."""
PRODUCTS = 3
"""Of which the fastest counts."""
FEW = 5
"""Steps after which the most memory has been taken."""

Result = TypeVar("Result")


def in_a_process(function: Callable[..., Result], *arguments: Any) -> Result:
    """What a function at the top of a module returns in a process of its own, in which nothing else has happened."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def most_held() -> float:
    """Megabytes of memory that this process has held at most.

    `ru_maxrss` would not do: a process inherits that of its parent, which may be larger than its own.
    """
    return _status("VmHWM")


def held() -> float:
    """Megabytes that it holds now."""
    return _status("VmRSS")


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith(f"{field}:"))
    return int(kilobytes) * 1024 / MEGA


def memory_of(side: Side, device: str) -> float:
    """Megabytes that a few steps take at most, on the device; to be called in a process of its own."""
    side.turn(0, least=FEW)
    return int(torch.cuda.max_memory_allocated()) / MEGA if device == "cuda" else most_held()


def operations(side: Side) -> float:
    """Floating-point operations for a picture, by torch's own count, which knows matrix products and convolutions.

    Of those that are needed: layers that do more than that, to be done sooner, are counted as torch's own.

    >>> layer, ones = torch.nn.Linear(30, 20), torch.ones(5, 30)
    >>> operations(Side(len(layer(ones)) for _ in range(2)))
    1200.0
    """
    with patch.object(pictures, "WORTH", inf), patch.object(linear, "WORTH", inf), _Operations() as counted:
        shown = side.step()
    return float(counted.total) / shown


class _Operations(TorchDispatchMode):
    """Adds up what torch's flop counter says of each operation.

    `FlopCounterMode` itself also follows modules, by hooks with which the slope of a network cannot be had.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket in flop_registry:
            self.total += flop_registry[func.overloadpacket](*args, **(kwargs or {}), out_val=result)
        return result


def most_operations(precision: torch.dtype, device: str) -> float:
    """Floating-point operations a second of a large matrix product: the best of some, on the threads there are.

    torch has two libraries for it on a CPU, and the one that it takes for float32 is on some processors half as fast as
    the other, which convolutions take.
    """
    torch.backends.cuda.matmul.allow_tf32 = False
    rows = SIDES[device]
    left, right = (torch.randn(rows, rows, device=device).to(precision) for _ in range(2))
    products: list[Callable[[], Any]] = [partial(torch.mm, left, right)]
    if device == "cpu" and torch.backends.mkldnn.is_available():
        one_dnn = torch.ops.mkldnn._linear_pointwise
        products.append(partial(one_dnn, left, right, None, "none", [], ""))
    return 2 * rows**3 / min(_seconds_of(product) for _ in range(PRODUCTS) for product in products)


def _seconds_of(product: Callable[[], Any]) -> float:
    wait()
    began = time.perf_counter()
    product()
    wait()
    return time.perf_counter() - began


def noise(path: Path, number: int, side: int, channels: int) -> None:
    """An `.npy` file of so many square pictures, uint8, written a part at a time."""
    array = np.lib.format.open_memmap(path, "w+", np.uint8, (number, side, side, channels))
    rng = np.random.default_rng(0)
    for start in range(0, number, 10_000):
        part = array[start : start + 10_000]
        part[:] = rng.integers(0, 256, part.shape, np.uint8)
    array.flush()
