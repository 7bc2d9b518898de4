"""Which networks look at more than one sample at a time, and which certainly do not."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


class PerSample(nn.Module):
    """A network that says of a sample what it says whatever else is in the batch, so batches may be joined.

    A family has to claim this; others are given one batch at a time, which is always right.
    """


def has_batch_norm(network: nn.Module) -> bool:
    """Whether the network normalises over the batch, which takes at least two samples.

    >>> has_batch_norm(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))), has_batch_norm(nn.Linear(2, 2))
    (True, False)
    """
    return any(isinstance(module, _BatchNorm) for module in network.modules())
