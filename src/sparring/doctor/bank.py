"""A few real pictures to compare with, and what is known of them once and for all."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sparring.data import Dataset
from sparring.data.batches import Images
from sparring.doctor import signals
from sparring.seeds import mix

FEW = 64
"""Pictures of each sort that are shown to the networks."""
FEWEST = 16
"""Real pictures without which nothing can be compared."""
TRAINING = 1000
"""Training pictures that fakes are compared with, for copies and classes."""
SURE = 6.0
"""Deviations of `FEW` guesses by which the linear classifier must be better than them, or its opinion is not asked."""


@dataclass(frozen=True)
class Bank:
    """Real pictures. What the networks see is on their device, everything else on the CPU.

    Attributes:
        few: training pictures that the discriminator is shown.
        held_out: pictures that are not trained on; None where the set has none.
        pictures: from numbers, [M] below N, to training pictures, [M, C, H, W].
        vectors: [N, F], sketches of training pictures, the few first.
        own: [N], how far each is from its nearest neighbour among them.
        copies: the share of real pictures that would count as copies, though they are none.
        middles: [K, F], of the groups that the training pictures fall into.
        classifier: from sketches to classes; None without labels, or where it does not work.
        right: how often, class by class, it is right on real pictures that it was not made from.
    """

    few: Images
    held_out: Images | None
    pictures: Callable[[Tensor], Tensor]
    vectors: Tensor
    own: Tensor
    copies: float
    middles: Tensor
    classifier: Tensor | None
    right: float

    def nearest(self, pictures: Tensor) -> Tensor:
        """[M, C, H, W], for each of so many pictures the training picture that is most like it."""
        return self.pictures(torch.cdist(signals.sketches(pictures.cpu()), self.vectors).argmin(1))


def bank(train: Dataset, held_out: Images | None, multiple: int, device: torch.device) -> Bank:
    """Always the same pictures of a set.

    Args:
        train: what is trained on, at least 16 pictures.
        held_out: some that are not; None if there are none.
        multiple: the number shown to a network must be a multiple of it, at most 16.
        device: of the networks.
    """
    rows = some(train, TRAINING if train.stored is not None else 2 * FEW)
    vectors = torch.cat([signals.sketches(train.batch(part).pictures) for part in _parts(rows)])
    first, second = vectors[: len(rows) // 2], vectors[len(rows) // 2 :]
    others = first if held_out is None else signals.sketches(held_out.pictures.cpu())
    known = second if held_out is None else vectors
    classifier, right = _classifier(train, rows, vectors)
    return Bank(
        few=train.batch(shown(train, multiple)).to(device),
        held_out=held_out,
        pictures=lambda numbers: train.batch(rows[numbers.numpy()]).pictures,
        vectors=vectors,
        own=signals.nearest(vectors),
        copies=signals.copies(known, signals.nearest(known), others),
        middles=signals.groups(vectors),
        classifier=classifier,
        right=right,
    )


def some(dataset: Dataset, count: int) -> NDArray[np.int64]:
    """So many rows of a set, or all: always the same, and fewer are the first of more."""
    return np.random.default_rng(mix("doctor", 0)).permutation(len(dataset))[:count]


def shown(dataset: Dataset, multiple: int) -> NDArray[np.int64]:
    """The rows that networks are shown: 64 if there are as many, and a multiple of what they judge as one."""
    rows = some(dataset, FEW)
    return rows[: len(rows) - len(rows) % multiple]


def _parts(rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """So many at a time, since large pictures would fill the memory."""
    return np.array_split(rows, -(-len(rows) // FEW))


def _classifier(train: Dataset, rows: NDArray[np.int64], vectors: Tensor) -> tuple[Tensor | None, float]:
    """Made from one half of the training pictures, tried on the other; None where it is little better than chance.

    What it says of a few fakes is no more certain than so many guesses are, so it must be right far more often.
    """
    if train.labels is None or len(train.spec.classes) < 2:
        return None, 0.0
    classes, half = len(train.spec.classes), len(rows) // 2
    labels = torch.from_numpy(train.labels[rows])
    weights = signals.linear_classifier(vectors[half:], labels[half:], classes)
    right = signals.accuracy(weights, vectors[:half], labels[:half])
    chance = 1 / classes
    deviation = (chance * (1 - chance) / FEW) ** 0.5
    return (weights, right) if right > chance + SURE * deviation else (None, 0.0)
