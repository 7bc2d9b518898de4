"""Who judges pictures in the benchmarks: classifiers that no game was trained on or with.

Fashion-MNIST has a judge of its own beside the data (`judge/judge.py`, which shares no code with Sparring). For other
sets a small classifier is trained here, from a fixed seed, on labels that only those games see that need them.
Distances are Frechet distances between 64 features of the classifier, and mean something only beside others of the same
judge; the floor is the distance between two halves of the real pictures.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sparring.config import Data
from sparring.data import open_dataset

Pictures = NDArray[Any]


@dataclass(frozen=True)
class Verdict:
    """What a judge says of some pictures.

    Attributes:
        distance: Frechet distance to the real pictures; lower is better.
        floor: the same between two halves of the real ones.
        coverage: share of real pictures with a fake among their neighbours (PRDC, k = 5), 0 to 1.
    """

    distance: float
    floor: float
    coverage: float


@dataclass(frozen=True)
class Judge:
    """Features, and those of the real pictures."""

    features: Callable[[Pictures], NDArray[np.float64]]
    real: NDArray[np.float64]
    arithmetic: ModuleType

    def score(self, fakes: Pictures) -> Verdict:
        """Judge [N, H, W, C], uint8."""
        fake = self.features(fakes)
        half, count = len(self.real) // 2, min(len(self.real), len(fake), 5000)
        distance = self.arithmetic.frechet(self.real, fake)
        floor = self.arithmetic.frechet(self.real[:half], self.real[half:])
        coverage, _ = self.arithmetic.prdc(self.real[:count], fake[:count])
        return Verdict(distance, floor, coverage)


def fashion_judge(data: Path) -> Judge:
    """The independent judge of Fashion-MNIST, against the 10,000 pictures of its test part."""
    judge = _module(data.parent / "judge" / "judge.py")
    model = judge.model(data.parent / "judge" / "fashion-mnist.pt")
    real = judge.load(data / "fashion-mnist" / "t10k-images-idx3-ubyte.gz", 10_000)

    def features(pictures: Pictures) -> NDArray[np.float64]:
        found: NDArray[np.float64] = judge.feats(model, np.array(pictures).reshape(-1, 28, 28))[0]
        return found

    return Judge(features, features(real), judge)


def mnist_judge(data: Path) -> Judge:
    """A classifier of the ten digits, trained on the 8,000 training pictures and compared with all 10,000."""
    parts = [open_dataset(Data(path=str(data / "mnist-10k"), split=split)) for split in ("train", "test")]
    train = parts[0]
    assert train.stored is not None and train.labels is not None and parts[1].stored is not None
    network = _trained(train.stored, torch.from_numpy(train.labels))
    real = torch.cat([train.stored, parts[1].stored]).permute(0, 2, 3, 1).numpy()
    return _own(network, real, data)


def emoji_judge(data: Path, size: int = 32) -> Judge:
    """A classifier of OpenMoji's twelve groups of emoji, trained on all of them."""
    dataset = open_dataset(Data(path=str(data / "openmoji-128.zip"), size=size, label="group"))
    assert dataset.stored is not None and dataset.labels is not None
    return _own(
        _trained(dataset.stored, torch.from_numpy(dataset.labels)), dataset.stored.permute(0, 2, 3, 1).numpy(), data
    )


class Classifier(nn.Module):
    """Four convolutions, 64 features, scores of the classes."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()

        def block(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
            return [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.BatchNorm2d(outputs), nn.ReLU()]

        blocks = [*block(channels, 32, 1), *block(32, 32, 2), *block(32, 64, 1), *block(64, 64, 2)]
        self.body = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(64 * 16, 64), nn.ReLU())
        self.head = nn.Linear(64, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        scores: Tensor = self.head(self.body(pictures))
        return scores


def _trained(stored: Tensor, labels: Tensor, epochs: int = 6, batch: int = 128) -> Classifier:
    torch.manual_seed(0)
    network = Classifier(stored.shape[1], int(labels.max()) + 1)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=1e-2)
    for _ in range(epochs):
        order = torch.randperm(len(stored))
        for rows in order[: len(order) // batch * batch].view(-1, batch):
            shifted = torch.roll(stored[rows], tuple(torch.randint(-2, 3, (2,)).tolist()), (2, 3))
            loss = functional.cross_entropy(network(shifted.float().div(127.5).sub(1)), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network.eval()


def _own(network: Classifier, real: Pictures, data: Path) -> Judge:
    @torch.no_grad()
    def features(pictures: Pictures) -> NDArray[np.float64]:
        stored = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))
        parts = [network.body(part.float().div(127.5).sub(1)) for part in torch.split(stored, 500)]
        found: NDArray[np.float64] = torch.cat(parts).double().numpy()
        return found

    shuffled = np.random.default_rng(0).permutation(len(real))
    return Judge(features, features(real[shuffled]), _module(data.parent / "judge" / "judge.py"))


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("judge", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


JUDGES = {"fashion-mnist": fashion_judge, "mnist-10k": mnist_judge, "openmoji-128.zip": emoji_judge}
