"""A classifier as extractor, trained on the very pictures that a game is trained on, where nothing can be downloaded.

With labels it learns the classes; without, by how many quarter turns a picture was turned (Gidaris et al.,
"Unsupervised Representation Learning by Predicting Image Rotations", arXiv:1803.07728), which takes knowing what is in
it. A distance between its features means something beside others of the same classifier only, so the hash of its
weights is part of the number's name. The same pictures, seed and number of threads give the same weights.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn import functional

from sparring import files
from sparring.errors import SparringError
from sparring.metrics.features import Extractor, View, check_channels, digest_of
from sparring.seeds import mix
from sparring.training.optimisers import Adam
from sparring.training.schedules import rate_factor

WIDTH, FEATURES = 16, 64
SHOWN, BATCH, RATE = 25_600, 64, 4e-3
"""Pictures that it is shown in training, whatever the size of the set; in a batch; and its highest learning rate."""
RISE = 0.3
"""Share of the training over which the learning rate rises, to fall afterwards."""
BETAS = 0.9, 0.999
SIDE = 64
"""Larger pictures are brought down to about so many pixels a side, by whole factors, before it looks at them."""
TURNS = ("0", "90", "180", "270")

Rows = Callable[[NDArray[np.int64]], Tensor]
"""From numbers of pictures to the pictures, [n, C, H, W] in [-1, 1]."""


class Classifier(Extractor):
    """Five convolutions, 64 features, and the scores of the classes.

    Args:
        channels: of the pictures.
        classes: the names of the classes; none: of the four quarter turns.
    """

    content = 1  # half the size, and 32 channels: more numbers than the picture; later maps have lost its colours

    def __init__(self, channels: int, classes: tuple[str, ...]) -> None:
        super().__init__()
        self.name = "classifier" if classes else "rotations"
        self.classes = classes
        self.channels = channels
        widths = [channels, WIDTH, 2 * WIDTH, 2 * WIDTH, 4 * WIDTH, 4 * WIDTH]
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())
            for inputs, outputs, stride in zip(widths[:-1], widths[1:], (1, 2, 1, 2, 2), strict=True)
        )
        self.body = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(64 * WIDTH, FEATURES), nn.ReLU())
        self.head = nn.Linear(FEATURES, len(classes or TURNS))
        self.digest = "untrained"
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, pictures: Tensor) -> View:
        """Look at pictures of any size."""
        check_channels(self, pictures, self.channels)
        factor = max(1, round(min(pictures.shape[2:]) / SIDE))
        x = functional.avg_pool2d(pictures, factor) if factor > 1 else pictures
        maps = []
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        features = self.body(x)
        return View(features, tuple(maps), self.head(features))


def learn(
    rows: Rows,
    count: int,
    labels: NDArray[np.int64] | None,
    classes: tuple[str, ...],
    channels: int,
    *,
    seed: int = 0,
    tell: Callable[[float], None] = lambda share: None,
) -> Classifier:
    """Train a classifier.

    Args:
        rows: gives the pictures.
        count: how many there are.
        labels: [count], the class of each; None: it learns quarter turns.
        classes: the names of the classes; empty without labels.
        channels: of the pictures.
        seed: same seed, same classifier, with the same number of threads.
        tell: is told every 100 steps which share of the work is done.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(mix("classifier", seed))
        network = Classifier(channels, classes)
        rng = np.random.default_rng(mix("classifier pictures", seed))
        steps = SHOWN // BATCH
        optimiser = Adam(network.parameters(), RATE, BETAS)
        for step in range(1, steps + 1):
            numbers = rng.integers(0, count, BATCH)
            pictures, wanted = _lesson(rows(numbers), None if labels is None else labels[numbers], rng)
            loss = functional.cross_entropy(network(pictures).scores, wanted)
            optimiser.clear()
            torch.autograd.backward(loss)
            optimiser.lr = RATE * rate_factor(step, step / (steps + 1), round(RISE * steps), RISE)
            optimiser.step()
            if step % 100 == 0:
                tell(step / steps)
    network.eval().requires_grad_(False)
    network.digest = digest_of(network)
    return network


def _lesson(pictures: Tensor, labels: NDArray[np.int64] | None, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A batch, turned where there are no labels, and what is to be said of it."""
    if labels is None:
        labels = rng.integers(0, len(TURNS), len(pictures))
        square = _middle(pictures)
        pictures = torch.stack([picture.rot90(int(k), (1, 2)) for picture, k in zip(square, labels, strict=True)])
    return pictures, torch.from_numpy(labels)


def _middle(pictures: Tensor) -> Tensor:
    """The largest square within each, as a picture on its side must have the shape of one that stands."""
    height, width = pictures.shape[2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pictures[:, :, top : top + side, left : left + side]


def save(network: Classifier, path: Path) -> None:
    """Write it where `restore` finds it, in one move.

    Raises:
        SparringError: the place cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    files.write(path, safetensors.torch.save(tensors, metadata={"format": "pt"}))


def restore(path: Path, channels: int, classes: tuple[str, ...]) -> Classifier:
    """A classifier from its file.

    Raises:
        SparringError: the file is damaged, or of another set.
    """
    network = Classifier(channels, classes)
    try:
        network.load_state_dict(safetensors.torch.load(path.read_bytes()))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise SparringError(f"cannot read the classifier {path}: {error}; remove the file to train it again") from None
    network.eval().requires_grad_(False)
    network.digest = digest_of(network)
    return network
