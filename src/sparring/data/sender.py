"""The way from the processor's memory to where training computes."""

import torch
from torch import Tensor


class Sender:
    """Brings tensors to a device; to a GPU while it is still computing the step before.

    A copy from ordinary memory makes the processor wait for all that the GPU has to do. One from page-locked memory
    does not, and on a stream of its own the GPU copies and computes at once.

    Args:
        device: where to.

    >>> Sender(torch.device("cpu"))(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        on_gpu = device.type == "cuda"
        self._beside = torch.cuda.Stream(device) if on_gpu else None  # type: ignore[no-untyped-call]

    def __call__(self, tensor: Tensor) -> Tensor:
        """The same numbers there; whatever is computed of them waits until they have arrived."""
        if self._beside is None:
            return tensor.to(self._device)
        with torch.cuda.stream(self._beside):
            there = tensor.pin_memory().to(self._device, non_blocking=True)
        computing = torch.cuda.current_stream(self._device)
        computing.wait_stream(self._beside)
        there.record_stream(computing)  # or its memory would be used again as soon as nobody here knows of it
        return there
