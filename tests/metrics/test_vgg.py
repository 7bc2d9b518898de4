"""The VGG from a file of weights, beside the same layers in torchvision's order."""

from collections import OrderedDict
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from sparring.errors import SparringError, UsageError
from sparring.metrics import vgg

STAGES = ((4, 4), (6,), (8, 8, 8), (5, 7), (9,))


def reference() -> tuple[nn.Sequential, list[int]]:
    """All layers, numbered as torchvision numbers them, and the last convolution of each of the first four stages."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    last, inputs = [], 3
    for stage in STAGES:
        for outputs in stage:
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
            inputs = outputs
        last.append(len(layers) - 2)
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers), last[: vgg.STAGES]


def weights(network: nn.Sequential) -> dict[str, Tensor]:
    named = {f"features.{name}": value for name, value in network.state_dict().items()}
    return OrderedDict(named | {"classifier.0.weight": torch.zeros(3, 9)})


@pytest.mark.parametrize("name", ["vgg.pth", "vgg.safetensors"])
@pytest.mark.parametrize("channels", [1, 3])
def test_its_maps_are_the_last_convolutions_of_the_stages_before_relu(name: str, channels: int, tmp_path: Path) -> None:
    network, last = reference()
    write = safetensors.torch.save_file if name.endswith("safetensors") else torch.save
    write(weights(network), tmp_path / name)
    loaded = vgg.load(tmp_path / name)
    pictures = torch.rand(2, channels, 20, 24) * 2 - 1
    view = loaded(pictures)
    x = ((pictures.expand(-1, 3, -1, -1) + 1) / 2 - torch.tensor(vgg.MEAN).view(3, 1, 1)) / torch.tensor(
        vgg.DEVIATION
    ).view(3, 1, 1)
    for at, one in zip(last, view.maps, strict=True):
        torch.testing.assert_close(one, network[: at + 1](x))
    assert view.maps[loaded.content].shape == (2, 7, 2, 3)
    assert view.maps[-1].min() < 0
    torch.testing.assert_close(view.features, view.maps[-1].mean((2, 3)))
    assert not any(p.requires_grad for p in loaded.parameters()) and not loaded.training
    assert len(loaded.digest) == 12 and loaded.title == f"vgg:{loaded.digest}"


def test_gradients_come_through() -> None:
    network, _ = reference()
    pictures = torch.zeros(1, 3, 16, 16, requires_grad=True)
    (slope,) = torch.autograd.grad(vgg.fill(weights(network), "0" * 64)(pictures).maps[-1].sum(), pictures)
    assert float(slope.abs().sum()) > 0


def test_the_published_ones_are_recognised() -> None:
    nineteen = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]
    assert vgg._stages(nineteen)[vgg.STAGES - 1][-1] == 25  # conv4_4
    with pytest.raises(ValueError, match="layer 1 is no convolution"):
        vgg._stages([0, 1, 3, 4])  # with batch norm


def test_other_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file of VGG weights at"):
        vgg.load(tmp_path / "none.pth")
    network, _ = reference()
    few = {name: value for name, value in weights(network).items() if name < "features.2"}
    torch.save(few, tmp_path / "few.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save(network, tmp_path / "code.pth")  # a whole module, which could run anything
    (tmp_path / "cut.safetensors").write_bytes(b"12345")
    (tmp_path / "empty.pth").write_bytes(b"")
    for name in ("few.pth", "list.pth", "code.pth", "cut.safetensors", "empty.pth"):
        with pytest.raises(SparringError, match=f"{name} holds no weights of a VGG") as caught:
            vgg.load(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="these have 4 channels"):
        vgg.fill(weights(network), "0" * 64)(torch.zeros(1, 4, 16, 16))
