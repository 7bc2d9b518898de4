r"""The networks of Simonyan and Zisserman, from a file of weights: what most perceptual losses were defined by.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", arXiv:1409.1556, table 1:
stages of 3x3 convolutions with ReLU, each stage at half the size of the one before. Read are files with torchvision's
names, `features.0.weight` and so on, of VGG-11 to VGG-19 without batch norm; the file says how many convolutions a
stage has, and the classifier in it is left aside. Nothing is fetched.
"""

from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from sparring import files
from sparring.errors import SparringError, UsageError
from sparring.metrics.features import Extractor, View

STAGES = 4
"""That are looked at: the last convolution of the fourth, conv4_4 of VGG-19, is that of CartoonGAN."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's colours, which these networks were trained with."""
FIRST = "features.0.weight"


class VGG(Extractor):
    """Four stages of convolutions; the map of a stage is what its last convolution says, before ReLU.

    Args:
        stages: for each the channels that go into each of its convolutions, and those that come out.

    >>> VGG([[(3, 4)], [(4, 8), (8, 8)]])(torch.zeros(1, 3, 16, 16)).maps[1].shape
    torch.Size([1, 8, 8, 8])
    """

    name = "vgg"
    mean: Tensor
    deviation: Tensor

    def __init__(self, stages: list[list[tuple[int, int]]]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(_stage(stage) for stage in stages)
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)
        self.digest = "untrained"
        self.requires_grad_(False).eval()

    def forward(self, pictures: Tensor) -> View:
        """Look at grey or colour pictures of 8 pixels a side or more; features are the means of the last map."""
        if pictures.shape[1] not in (1, 3):
            raise UsageError(f"extractor vgg sees grey or colour pictures; these have {pictures.shape[1]} channels")
        x = ((pictures.expand(-1, 3, -1, -1) + 1) / 2 - self.mean) / self.deviation
        maps: list[Tensor] = []
        for stage in self.stages:
            x = stage(max_pool2d(x.relu(), 2) if maps else x)
            maps.append(x)
        return View(maps[-1].mean((2, 3)), tuple(maps))


def _stage(channels: list[tuple[int, int]]) -> nn.Sequential:
    """Convolutions with ReLU between them, but none at the end."""
    layers: list[nn.Module] = []
    for inputs, outputs in channels:
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def load(path: Path) -> VGG:
    """The first four stages of the network in a file of weights.

    Args:
        path: of a file of torch (read as tensors only, never as code) or of safetensors.

    Raises:
        UsageError: there is no such file.
        SparringError: it is damaged, or holds no such network.
    """
    if not path.is_file():
        raise UsageError(f"no file of VGG weights at {path}")
    try:
        weights = _read(path)
        return fill(weights, files.sha256(path))
    except Exception:  # readers of foreign bytes raise whatever they like
        raise SparringError(
            f"{path} holds no weights of a VGG without batch norm under torchvision's names ({FIRST}, ...)"
        ) from None


def _read(path: Path) -> Mapping[str, Tensor]:
    if path.suffix == ".safetensors":
        return safetensors.torch.load_file(path)
    found: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return found


def fill(weights: Mapping[str, Tensor], sha256: str) -> VGG:
    """The network of some weights, and the hash of the file that they came from.

    Raises:
        ValueError: there are fewer than four stages, or layers that such a network has not.
    """
    stages = _stages(sorted(int(name.split(".")[1]) for name in weights if _is_convolution(name)))[:STAGES]
    if len(stages) < STAGES or weights[FIRST].shape[1] != 3:
        raise ValueError("other stages")
    shapes = [[weights[f"features.{number}.weight"].shape for number in stage] for stage in stages]
    network = VGG([[(shape[1], shape[0]) for shape in stage] for stage in shapes])
    own = {
        f"stages.{at}.{2 * place}.{kind}": weights[f"features.{number}.{kind}"]
        for at, stage in enumerate(stages)
        for place, number in enumerate(stage)
        for kind in ("weight", "bias")
    }
    network.load_state_dict(own)
    network.digest = sha256[:12]
    return network


def _is_convolution(name: str) -> bool:
    return name.startswith("features.") and name.endswith(".weight")


def _stages(numbers: list[int]) -> list[list[int]]:
    """Layers that are numbered through: a convolution and its ReLU take two numbers, a pool behind them a third.

    >>> _stages([0, 2, 5, 7, 10])
    [[0, 2], [5, 7], [10]]
    """
    stages: list[list[int]] = []
    for number in numbers:
        step = number - stages[-1][-1] if stages else 3
        if step not in (2, 3):
            raise ValueError(f"layer {number} is no convolution of such a network")
        if step == 3:
            stages.append([])
        stages[-1].append(number)
    return stages
