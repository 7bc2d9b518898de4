"""The order of numbers in memory, and what it may not change."""

from typing import Any

import torch
from torch import Tensor, nn

from sparring.nn.layout import keep_in_order, laid_out


class Stages(nn.Module):
    """A vector, a stage of three channels, and a vector again."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 12), nn.Unflatten(1, (3, 2, 2)), nn.Tanh(), nn.Conv2d(3, 5, 2), nn.Tanh(), nn.Flatten()
        )

    def forward(self, vectors: Tensor) -> Tensor:
        found: Tensor = self.layers(vectors)
        return found


def networks() -> tuple[Stages, Stages]:
    torch.manual_seed(0)
    plain, ordered = Stages(), Stages()
    ordered.load_state_dict(plain.state_dict())
    keep_in_order(laid_out(ordered))
    return plain, ordered


def test_stages_and_slopes_have_their_channels_last() -> None:
    _, ordered = networks()
    seen: list[Tensor] = []

    def look(layer: nn.Module, given: Any, made: Tensor) -> None:
        seen.append(made)
        made.register_hook(seen.append)  # type: ignore[no-untyped-call]

    for layer in list(ordered.layers)[1:5]:
        layer.register_forward_hook(look)
    ordered(torch.randn(6, 4)).sum().backward()
    stages = [one for one in seen if one.dim() == 4 and one.shape[2] > 1]
    assert len(stages) == 4
    assert all(one.is_contiguous(memory_format=torch.channels_last) for one in stages)


def test_outputs_slopes_and_slopes_of_slopes_are_the_same() -> None:
    vectors = torch.randn(6, 4, requires_grad=True)
    found = []
    for network in networks():
        (slope,) = torch.autograd.grad(network(vectors).square().sum(), vectors, create_graph=True)
        torch.autograd.backward(slope.square().sum())
        found.append([network(vectors), slope, *(one.grad for one in network.parameters())])
    torch.testing.assert_close(found[1], found[0], rtol=1e-5, atol=1e-5)
