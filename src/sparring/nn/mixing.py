"""Which networks look at more than one sample at a time, and which look at each by itself."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


class Mixing(nn.Module):
    """A layer whose output for a sample depends on the others in its batch: to be derived from by every such layer.

    Batches may be joined to save time only where no layer mixes them; batch norm is known to mix without saying so.
    """


def has_batch_norm(network: nn.Module) -> bool:
    """Whether the network normalises over the batch, which takes at least two samples.

    >>> has_batch_norm(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))), has_batch_norm(nn.Linear(2, 2))
    (True, False)
    """
    return any(isinstance(module, _BatchNorm) for module in network.modules())


def mixes_samples(network: nn.Module) -> bool:
    """Whether what the network says of a sample depends on what else is in the batch.

    >>> mixes_samples(nn.BatchNorm2d(3)), mixes_samples(nn.LayerNorm(3))
    (True, False)
    """
    return any(isinstance(module, _BatchNorm | Mixing) for module in network.modules())
