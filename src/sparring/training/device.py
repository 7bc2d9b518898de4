"""Where to compute, and the random numbers there."""

import torch

from sparring.errors import UsageError


def find_device(name: str) -> torch.device:
    """The device of a name such as `cpu`, `cuda`, `cuda:1` or `mps`; `auto` is a CUDA GPU where there is one.

    Raises:
        UsageError: this machine has no such device.

    >>> find_device("cpu")
    device(type='cpu')
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        # the meta device, for one, takes a tensor and gives nothing back
        torch.zeros(1, device=device).tolist()
    except (RuntimeError, AssertionError, NotImplementedError):
        raise UsageError(f"this machine has no device {name!r}: 'cpu' works everywhere") from None
    return device


def reseed(seed: int, device: torch.device) -> None:
    """Seed the global random state of the CPU and of a device."""
    # torch.manual_seed would also walk the stack for devices that nobody uses: a third of a millisecond a step
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):  # or it would be the current one
            torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)
