"""Networks without their batch norm."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from sparring.nn.folding import folded
from sparring.nn.layout import laid_out
from sparring.nn.resampling import ResizeConvolution


def tried(network: nn.Sequential) -> nn.Module:
    """Batch norm that has seen something, folded; both draw the same."""
    pictures = torch.randn(16, 3, 8, 8)
    network.train()
    for _ in range(5):
        network(pictures * 3 + 1)
    network.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    quick = folded(network)
    torch.testing.assert_close(quick(pictures), network(pictures), atol=1e-5, rtol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    return quick


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_batch_norm_behind_convolutions_is_gone() -> None:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 6, 3, bias=False), nn.BatchNorm2d(6), nn.ReLU()]
    layers += [nn.Sequential(nn.ConvTranspose2d(6, 4, 4, 2, 1), nn.BatchNorm2d(4)), nn.Tanh()]
    assert norms(tried(nn.Sequential(*layers))) == 0


def test_what_uses_its_weights_otherwise_is_left_alone() -> None:
    torch.manual_seed(0)
    layers = [spectral_norm(nn.Conv2d(3, 6, 3)), nn.BatchNorm2d(6), ResizeConvolution(6, 4, False), nn.BatchNorm2d(4)]
    assert norms(tried(nn.Sequential(*layers))) == 2


def test_the_order_in_memory_is_kept() -> None:
    network = laid_out(nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)).eval())
    weight = folded(network).get_parameter("0.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last) and not weight.is_contiguous()
