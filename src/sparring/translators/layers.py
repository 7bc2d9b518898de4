"""What the networks of this folder share."""

from torch import nn

from sparring.nn.instance import InstanceNorm


def norm_layers(norm: str, channels: int) -> list[nn.Module]:
    """The layer behind a convolution: one, or none.

    >>> norm_layers("none", 8)
    []
    """
    if norm == "batch":
        return [nn.BatchNorm2d(channels)]
    return [InstanceNorm()] if norm == "instance" else []
