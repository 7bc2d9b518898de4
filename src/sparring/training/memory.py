"""How much memory is free for training."""

from contextlib import suppress
from pathlib import Path

import torch

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


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
