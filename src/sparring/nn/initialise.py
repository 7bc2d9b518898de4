"""Weights at the start."""

from torch import nn
from torch.nn import init
from torch.nn.utils.parametrize import is_parametrized


def normal_weights(network: nn.Module, deviation: float = 0.02) -> None:
    """Draw weights from N(0, deviation^2) and batch-norm scales from N(1, deviation^2); batch-norm shifts become 0.

    Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
    arXiv:1511.06434, section 4; the scale of the batch norm is that of the authors' code. Other biases are left alone,
    and so are weights under spectral norm, whose scale means nothing, and modules with a true `starts_itself`: families
    of networks whose own start is a part of their design.
    """
    if is_parametrized(network) or getattr(network, "starts_itself", False):
        return
    if isinstance(network, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        init.normal_(network.weight, 0.0, deviation)
    elif isinstance(network, nn.BatchNorm2d) and network.affine:
        init.normal_(network.weight, 1.0, deviation)
        init.zeros_(network.bias)
    for module in network.children():
        normal_weights(module, deviation)
