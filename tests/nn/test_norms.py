"""Norms: what spectral norm promises of every weight, and group norm of every sample."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from sparring import networks
from sparring.nn.minibatch import MinibatchDiscrimination
from sparring.nn.norms import norm_layers, normalise_spectrally

SHAPE = (3, 16, 16)


def weights(network: nn.Module) -> dict[str, Tensor]:
    """The weights as they are used, of all layers that have a matrix."""
    return {
        name: module.weight.detach()
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
    }


def largest_singular_value(weight: Tensor) -> float:
    return float(torch.linalg.matrix_norm(weight.flatten(1), 2))


@pytest.mark.parametrize("minibatch", ["none", "discrimination"])
@pytest.mark.parametrize("family", ["mlp", "dcgan"])
def test_every_weight_has_spectral_norm_1(family: str, minibatch: networks.Minibatch) -> None:
    torch.manual_seed(0)
    network = networks.discriminator(family, SHAPE, width=8, norm="spectral", minibatch=minibatch)
    for _ in range(30):  # a step of power iteration each
        network(torch.randn(2, *SHAPE))
    assert len(weights(network)) == (5 if minibatch == "discrimination" else 4)
    for name, weight in weights(network.eval()).items():
        assert largest_singular_value(weight) == pytest.approx(1.0, abs=0.03), name


def test_it_stays_1_while_the_weights_grow() -> None:
    torch.manual_seed(0)
    network = networks.discriminator("dcgan", SHAPE, width=8, norm="spectral")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(50)
    network(torch.randn(2, *SHAPE))
    for name, weight in weights(network.eval()).items():
        assert largest_singular_value(weight) == pytest.approx(1.0, abs=0.05), name


def test_a_perceptron_with_spectral_norm_stretches_no_distance() -> None:
    torch.manual_seed(0)
    network = networks.discriminator("mlp", SHAPE, width=8, norm="spectral")
    for _ in range(30):
        network(torch.randn(2, *SHAPE))
    network.eval()  # no dropout
    first, second = torch.randn(200, *SHAPE), torch.randn(200, *SHAPE)
    stretch = (network(first) - network(second)).abs() / (first - second).flatten(1).norm(dim=1)
    assert float(stretch.detach().max()) <= 1.0


def test_the_iteration_is_part_of_the_state_and_stops_in_use() -> None:
    torch.manual_seed(0)
    network = networks.discriminator("dcgan", SHAPE, width=8, norm="spectral")
    vectors = {key for key in network.state_dict() if key.endswith(("._u", "._v"))}
    assert len(vectors) == 2 * sum(is_parametrized(module) for module in network.modules()) > 0
    before = {key: network.state_dict()[key].clone() for key in vectors}
    network(torch.randn(2, *SHAPE))
    after = {key: network.state_dict()[key].clone() for key in vectors}
    assert any(not torch.equal(before[key], after[key]) for key in vectors)
    network.eval()(torch.randn(2, *SHAPE))
    assert all(torch.equal(after[key], network.state_dict()[key]) for key in vectors)


def test_a_copy_by_state_goes_on_alike() -> None:
    pictures = torch.randn(2, *SHAPE)
    torch.manual_seed(0)
    first = networks.discriminator("dcgan", SHAPE, width=8, norm="spectral")
    torch.manual_seed(1)
    second = networks.discriminator("dcgan", SHAPE, width=8, norm="spectral")
    second.load_state_dict(first.state_dict())
    for _ in range(3):
        torch.testing.assert_close(first(pictures), second(pictures), rtol=0, atol=0)


def test_spectral_norm_leaves_biases_and_other_layers_alone() -> None:
    network = nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3), MinibatchDiscrimination(3, 2, 2))
    normalise_spectrally(network)
    assert [name for name, _ in network.named_parameters()] == [
        "0.bias",
        "0.parametrizations.weight.original",
        "1.weight",
        "1.bias",
        "2.transform.parametrizations.weight.original",
    ]


@pytest.mark.parametrize("family", ["mlp", "dcgan"])
def test_group_norm_sees_one_sample_at_a_time(family: str) -> None:
    torch.manual_seed(0)
    network = networks.discriminator(family, SHAPE, width=8, norm="group").eval()
    pictures = torch.randn(4, *SHAPE)
    alone = torch.cat([network(picture.unsqueeze(0)) for picture in pictures])
    torch.testing.assert_close(network(pictures), alone)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 7, 8, 12, 32, 48, 63, 256])
def test_groups_divide_the_channels_and_are_not_too_small(channels: int) -> None:
    (layer,) = norm_layers("group", channels)
    assert isinstance(layer, nn.GroupNorm)
    assert channels % layer.num_groups == 0 and layer.num_groups <= 8
    assert channels // layer.num_groups >= min(channels, 4)


def test_group_norm_of_a_narrow_perceptron_is_not_dead() -> None:
    torch.manual_seed(0)
    network = networks.discriminator("mlp", SHAPE, width=4, norm="group").eval()
    assert float(network(torch.randn(20, *SHAPE)).detach().std()) > 0.01  # a group of one number would always be 0


def test_no_norm_is_no_layer() -> None:
    assert norm_layers("none", 8) == norm_layers("spectral", 8) == []
    assert isinstance(norm_layers("batch", 8)[0], nn.BatchNorm2d)
    assert isinstance(norm_layers("batch", 8, flat=True)[0], nn.BatchNorm1d)
