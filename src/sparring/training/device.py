"""Where to compute."""

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
