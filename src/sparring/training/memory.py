"""How much memory is free for training, and how it is held."""

import ctypes
import platform
from contextlib import suppress
from pathlib import Path

import torch

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Options of mallopt(3), as `malloc.h` numbers them."""
_MOST = 2**30
"""Bytes: pieces up to here are kept, and so much that is free."""


def free(device: torch.device) -> int | None:
    """Bytes that may still be taken on a device; None where the system does not say.

    On a CPU the least of what the machine has left and what the container is allowed.

    >>> free(torch.device("cpu")) != 0
    True
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type != "cpu":
        return None
    known = [size for size in (_machine(), _container()) if size is not None]
    return min(known) if known else None


def keep() -> None:
    """From now on memory that this process frees stays with it, where the C library is glibc.

    Every step takes and frees the same hundreds of megabytes. By itself glibc gives large pieces back to the system,
    and the next step waits until the system has made each page of them anew.
    """
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, _MOST)
        mallopt(_MMAP_THRESHOLD, _MOST)


def _machine() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _container() -> int | None:
    """What is left of the limit of a control group (version 2); None without a limit."""
    with suppress(OSError, ValueError):
        limit, used = (int((CGROUP / f"memory.{what}").read_text()) for what in ("max", "current"))
        return max(0, limit - used)
    return None
