"""How the numbers of a network lie in memory."""

from typing import Any

import torch
from torch import Tensor, nn


def laid_out(network: nn.Module) -> nn.Module:
    """The same network, the channels of a pixel side by side.

    Float32 convolutions were faster so on a CPU in every shape that was tried.

    >>> laid_out(nn.Conv2d(2, 3, 3)).weight.is_contiguous(memory_format=torch.channels_last)
    True
    """
    found: nn.Module = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return found


def keep_in_order(network: nn.Module) -> None:
    """From now on the stages of a network, and their slopes, have their channels last also beside its vectors.

    A vector that becomes a stage (`nn.Unflatten`) has its channels first, and so has the slope of a stage that becomes
    a vector (`nn.Flatten`). Elementwise operations are slow on two tensors of which one lies so and the other one
    so.

    >>> network = nn.Sequential(nn.Linear(2, 12), nn.Unflatten(1, (3, 2, 2)))
    >>> keep_in_order(network)
    >>> network(torch.zeros(5, 2)).is_contiguous(memory_format=torch.channels_last)
    True
    """
    for layer in network.modules():
        if isinstance(layer, nn.Unflatten):
            layer.register_forward_hook(_put_in_order)
        elif isinstance(layer, nn.Flatten):
            layer.register_forward_pre_hook(_put_slope_in_order)


def _put_in_order(layer: nn.Module, given: Any, stage: Tensor) -> Tensor:
    return stage.contiguous(memory_format=torch.channels_last) if stage.dim() == 4 else stage


def _put_slope_in_order(layer: nn.Module, given: tuple[Tensor]) -> tuple[Tensor]:
    (stage,) = given
    return (_SlopeInOrder.apply(stage),) if stage.dim() == 4 else given  # type: ignore[no-untyped-call]


class _SlopeInOrder(torch.autograd.Function):
    """The stage as it is; backwards its slope with the channels last."""

    @staticmethod
    def forward(ctx: Any, stage: Tensor) -> Tensor:
        return stage.view_as(stage)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        return slope.contiguous(memory_format=torch.channels_last)
