"""What a metric sees of pictures: an extractor turns them into features, and says by name and hash which one it is.

An extractor is always given, never fetched: values of two extractors have nothing to do with each other, so its name
and the hash of its weights travel with every number.
"""

import hashlib
import itertools
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sparring.data.batches import from_stored
from sparring.errors import SparringError, UsageError

CHUNK = 250
"""Pictures that are looked at together."""


@dataclass(frozen=True)
class View:
    """What an extractor sees in a batch.

    Attributes:
        features: [N, F].
        maps: feature maps on the way there, [N, c, h, w] each, finest first: for the perceptual distance, and for games
            that compare what pictures show; none of an extractor that looks at pictures as a whole.
        scores: [N, K], of an extractor that is a classifier; softmax makes probabilities of them.
    """

    features: Tensor
    maps: tuple[Tensor, ...] = ()
    scores: Tensor | None = None


class Extractor(nn.Module, ABC):
    """From pictures to features.

    Attributes:
        name: what it is: `inception`, `vgg`, `classifier`, `rotations`, `random`, or the name of a user's module.
        digest: 12 hexadecimal digits of the hash of its weights.
        resize: how it brings pictures to its own size; `none` if it takes them as they are.
        classes: the names of its classes, if it is a classifier.
        content: which of its maps says best what is in a picture and where, from 0 on.
    """

    name: str
    digest: str
    resize: str = "none"
    content: int = -1
    classes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Name and hash, as a receipt has them.

        >>> Given("mean", nn.AdaptiveAvgPool2d(1)).title
        'mean:e3b0c44298fc'
        """
        return f"{self.name}:{self.digest}"

    @abstractmethod
    def forward(self, pictures: Tensor) -> View:
        """Look at pictures.

        Args:
            pictures: [N, C, H, W] in [-1, 1].

        Raises:
            UsageError: it cannot see pictures of this shape.
        """


@dataclass(frozen=True)
class Seen:
    """What an extractor saw in a whole set.

    Attributes:
        features: [N, F], float32.
        probabilities: [N, K], float32, of a classifier; else None.
    """

    features: NDArray[np.float32]
    probabilities: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.features)

    def at(self, rows: NDArray[np.int64] | slice) -> "Seen":
        """What it saw in some of the pictures."""
        return Seen(self.features[rows], None if self.probabilities is None else self.probabilities[rows])


def joined(parts: list[Seen]) -> Seen:
    """What was seen in one part after the other, as one."""
    probabilities = [part.probabilities for part in parts if part.probabilities is not None]
    features = np.concatenate([part.features for part in parts])
    return Seen(features, np.concatenate(probabilities) if probabilities else None)


@torch.no_grad()
def look(extractor: Extractor, pictures: NDArray[np.generic], bits: int = 8) -> Seen:
    """Show pictures to an extractor, 250 at a time.

    Args:
        extractor: in evaluation mode.
        pictures: [N, H, W, C] as `Model.sample` gives them: whole numbers, or points.
        bits: 8 or 16, of a channel; 32: points.

    Raises:
        UsageError: there is no picture, or the extractor cannot see pictures of this shape.
        SparringError: a feature is not finite; the message names the first picture.

    >>> look(Random(channels=1), np.zeros((3, 32, 32, 1), np.uint8)).features.shape
    (3, 64)
    """
    if not len(pictures):
        raise UsageError("no pictures to look at: one side is empty")
    if pictures.ndim != 4:
        raise UsageError(f"pictures of shape {pictures.shape}: give [N, height, width, channels]")
    device = next(extractor.parameters(), torch.zeros(())).device
    features, probabilities = [], []
    for start in range(0, len(pictures), CHUNK):
        part = np.ascontiguousarray(pictures[start : start + CHUNK].transpose(0, 3, 1, 2))
        view = extractor(from_stored(torch.from_numpy(part).to(device), bits))
        if not bool(view.features.isfinite().all()):
            first = start + int((~view.features.isfinite().all(1)).nonzero()[0])
            raise SparringError(f"extractor {extractor.title}: the features of picture {first:,} are not finite")
        features.append(view.features.float().cpu())
        if view.scores is not None:
            probabilities.append(view.scores.float().softmax(1).cpu())
    return Seen(torch.cat(features).numpy(), torch.cat(probabilities).numpy() if probabilities else None)


def digest_of(network: nn.Module) -> str:
    """12 hexadecimal digits that change with any weight, name or shape."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


class Random(Extractor):
    """Convolutions that were never trained, from a fixed seed: for tests, and where nothing else is at hand.

    Args:
        channels: of the pictures.
        features: F.
    """

    name = "random"
    content = 0  # what was never trained gathers nothing on its way; nothing is lost here yet

    def __init__(self, channels: int, features: int = 64) -> None:
        super().__init__()
        self.channels = channels
        widths = [channels, 32, 64, features]
        self.layers = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 3, 2, 1) for inputs, outputs in itertools.pairwise(widths)
        )
        generator = torch.Generator().manual_seed(0)
        for parameter in self.parameters():
            fan = parameter[0].numel()
            parameter.data.normal_(0, (2 / fan) ** 0.5 if parameter.ndim > 1 else 0.1, generator=generator)
        self.requires_grad_(False).eval()
        self.digest = digest_of(self)

    def forward(self, pictures: Tensor) -> View:
        """Look at pictures, [N, channels, H, W]."""
        check_channels(self, pictures, self.channels)
        maps = []
        for layer in self.layers:
            pictures = layer(pictures).relu()
            maps.append(pictures)
        return View(pictures.mean((2, 3)), tuple(maps))


class Given(Extractor):
    """A module of the user's own.

    Args:
        name: what to call it in receipts.
        module: from [N, C, H, W] in [-1, 1] to [N, F], or to a map of features, [N, c, h, w].
        resize: what it does to the size of pictures, in a word, if it does.

    >>> Given("brightness", nn.AdaptiveAvgPool2d(1))(torch.ones(2, 1, 4, 4)).features
    tensor([[1.],
            [1.]])
    """

    def __init__(self, name: str, module: nn.Module, resize: str = "none") -> None:
        super().__init__()
        self.name, self.resize = name, resize
        self.module = module.eval().requires_grad_(False)
        self.digest = digest_of(module)

    def forward(self, pictures: Tensor) -> View:
        """Look at pictures, [N, C, H, W]."""
        made = self.module(pictures)
        return View(made.flatten(1), (made,) if made.ndim == 4 else ())


def coordinates() -> Extractor:
    """Points of the plane as they are: they need no features.

    >>> look(coordinates(), np.zeros((3, 1, 1, 2), np.float32), bits=32).features.shape
    (3, 2)
    """
    return Given("coordinates", nn.Flatten())


def nothing() -> Extractor:
    """Looks at next to nothing, the mean of each channel: for maps of classes, whose metrics take no features."""
    return Given("none", nn.AdaptiveAvgPool2d(1))


def check_channels(extractor: Extractor, pictures: Tensor, wanted: int) -> None:
    """Raise UsageError if pictures, [N, C, H, W], have other channels than the extractor was made for."""
    if pictures.shape[1] != wanted:
        raise UsageError(f"extractor {extractor.title} sees {wanted} channels, these pictures have {pictures.shape[1]}")
