"""A fully connected layer is torch's own, differentiated as often as one likes."""

import pytest
import torch
from torch import Tensor, nn

from sparring.nn import linear
from sparring.nn.linear import Linear

KNOWN = hasattr(torch.ops.mkldnn, "_linear_pointwise")


@pytest.fixture(autouse=True)
def on_any_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor that oneDNN suits better."""
    monkeypatch.setattr(linear, "BETTER", KNOWN)


def twice(layer: nn.Linear, rows: Tensor, forward: object) -> list[Tensor]:
    """What comes out, its slopes, and the slopes of the length of the slope at the rows, as penalties take them."""
    assert callable(forward)
    made = forward(layer, rows).square()
    slopes = torch.autograd.grad(made.sum(), [rows, *layer.parameters()], create_graph=True)
    penalty = slopes[0].square().sum()
    return [made, *slopes, *torch.autograd.grad(penalty, [rows, *layer.parameters()])]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("count", "inputs", "outputs"), [(64, 784, 128), (128, 128, 784), (1, 3000, 2000)])
def test_is_torchs_own_and_so_are_its_slopes(count: int, inputs: int, outputs: int, bias: bool) -> None:
    layer = Linear(inputs, outputs, bias=bias)
    rows = torch.randn(count, inputs, requires_grad=True)
    assert type(layer(rows).grad_fn).__name__ == "_ProductBackward" or not KNOWN
    for ours, theirs in zip(twice(layer, rows, Linear.forward), twice(layer, rows, nn.Linear.forward), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4 * float(theirs.detach().abs().max()))


@pytest.mark.parametrize(
    ("shape", "dtype"), [((4, 784), torch.float32), ((64, 784), torch.float64), ((2, 64, 784), torch.float32)]
)
def test_what_it_does_not_suit_is_torchs_own(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    layer, rows = Linear(784, 128).to(dtype), torch.randn(shape, dtype=dtype)
    assert torch.equal(layer(rows), nn.Linear.forward(layer, rows))


def test_obeys_autocast() -> None:
    layer, rows = Linear(784, 128), torch.randn(64, 784)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(rows), nn.Linear.forward(layer, rows))


def test_frozen_weights_ask_for_no_slope() -> None:
    layer, rows = Linear(784, 128).requires_grad_(False), torch.randn(64, 784, requires_grad=True)
    layer(rows).sum().backward()
    assert rows.grad is not None
    assert layer.weight.grad is None


def test_where_the_library_is_no_better_it_is_torchs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "BETTER", False)
    layer, rows = Linear(784, 128), torch.randn(64, 784)
    assert torch.equal(layer(rows), nn.Linear.forward(layer, rows))
