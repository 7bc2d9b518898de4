"""The perceptrons for points: their layers, and no dropout anywhere."""

from torch import nn

from sparring import networks
from sparring.nn.dropout import Dropout


def test_three_hidden_layers_of_one_width_and_no_dropout() -> None:
    generator = networks.generator("points", (2, 1, 1), latent=2, width=128)
    discriminator = networks.discriminator("points", (2, 1, 1), width=128)
    for network, sizes in ((generator, [2, 128, 128, 128, 2]), (discriminator, [2, 128, 128, 128, 1])):
        linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
        assert [layer.in_features for layer in linear] + [linear[-1].out_features] == sizes
        assert not [layer for layer in network.modules() if isinstance(layer, Dropout)]
