"""Normalisation of what flows through a discriminator, or of its weights, by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.parametrizations import spectral_norm

Norm = Literal["batch", "group", "spectral", "none"]
"""`batch` normalises each channel over the batch (Ioffe and Szegedy, arXiv:1502.03167). `group` normalises each sample
by itself over groups of channels (Wu and He, arXiv:1803.08494): what one uses today instead of virtual batch norm
(Salimans et al., arXiv:1606.03498, section 3.5), which was made so that a sample's output would not depend on its
neighbours. `spectral` divides each weight, as a matrix, by its largest singular value (Miyato et al.,
arXiv:1802.05957): no linear layer stretches a distance, and a convolution by what its windows overlap."""

GROUPS = 8
SMALLEST_GROUP = 4
"""Channels that a group has at least, where there are as many: the mean and deviation of one number say nothing."""


def norm_layers(norm: Norm, channels: int, flat: bool = False) -> list[nn.Module]:
    """The layer to put behind a convolution (or, `flat`, a linear layer) with so many outputs: none or one.

    >>> norm_layers("group", 48)[0].num_groups, norm_layers("group", 12)[0].num_groups
    (8, 3)
    """
    if norm == "batch":
        return [nn.BatchNorm1d(channels) if flat else nn.BatchNorm2d(channels)]
    if norm == "group":
        most = min(GROUPS, max(1, channels // SMALLEST_GROUP))
        return [nn.GroupNorm(next(groups for groups in range(most, 0, -1) if channels % groups == 0), channels)]
    return []


@contextmanager
def keeping_statistics(network: nn.Module) -> Iterator[None]:
    """Batch norm learns no running statistics from what passes; it goes on to normalise as its mode says.

    >>> import torch
    >>> layer = nn.BatchNorm1d(1)
    >>> with keeping_statistics(layer):
    ...     out = layer(torch.tensor([[1.0], [5.0]]))
    >>> layer.running_mean, out[:, 0].detach().round()
    (tensor([0.]), tensor([-1.,  1.]))
    """
    layers = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    kept = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, kept, strict=True):
            layer.momentum = momentum


def normalise_spectrally(network: nn.Module) -> None:
    """Divide the weight of every linear layer and convolution by its largest singular value, from now on.

    The value is followed by one step of power iteration at each forward pass in training; the vectors of the iteration
    are buffers of the network, so a resumed run goes on with them.

    >>> layer = nn.Sequential(nn.Linear(3, 2))
    >>> normalise_spectrally(layer)
    >>> sorted(name for name, _ in layer.named_parameters())
    ['0.bias', '0.parametrizations.weight.original']
    """
    for module in list(network.modules()):
        if isinstance(module, nn.Linear | nn.Conv2d):
            spectral_norm(module)
