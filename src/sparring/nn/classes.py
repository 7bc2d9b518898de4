"""Classes as numbers that a network can be told."""

import torch
from torch import Tensor


def one_hot(values: Tensor, count: int) -> Tensor:
    """[N] int64, 0 to count - 1, as [N, count] float32: 1 in the column of each value.

    That of torch first looks, on a processor, whether all values are in range: nothing that a step should wait for.

    >>> one_hot(torch.tensor([2, 0]), 3)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    return (values[:, None] == torch.arange(count, device=values.device)).float()
