"""Labelled pictures for an experiment: some to learn from, others to test with."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from sparring.config import Data
from sparring.data import Dataset, open_dataset
from sparring.data.batches import Labelled
from sparring.errors import SparringError, UsageError
from sparring.seeds import mix

LARGEST_TRAIN, LARGEST_TEST = 20_000, 2_000
"""Pictures that are taken of a larger set."""
KEPT_OUT = 4
"""Of a set without a test part, one picture in so many is kept for testing."""


def parts(data: str, seed: int, tell: Callable[[str], None]) -> tuple[Labelled, Labelled, int]:
    """Pictures to learn from and others to test with, each shuffled, and the number of their classes.

    The test pictures are those of the set's own test part, where it has one.

    Raises:
        UsageError: there are no such pictures, or they have no labels.
        SparringError: they are damaged, or too few.

    >>> train, test, classes = parts("digits", 0, lambda text: None)
    >>> len(train), len(test), classes
    (1348, 449, 10)
    """
    dataset = open_dataset(Data(path=data), tell)
    if dataset.labels is None:
        raise UsageError(f"a classifier learns from labels, and {data!r} has none: choose other --data")
    rng = np.random.default_rng(mix("lab parts", seed))
    chosen = rng.permutation(len(dataset))
    if "test" in dataset.source.splits:
        other = open_dataset(Data(path=data, split="test"), tell)
        held, rest = _some(other, rng.permutation(len(other))[:LARGEST_TEST]), chosen
    else:
        cut = len(dataset) // KEPT_OUT
        held, rest = _some(dataset, chosen[:cut][:LARGEST_TEST]), chosen[cut:]
    if len(held) < 2:
        raise SparringError(
            f"{data!r} has {len(dataset)} pictures, too few to keep some for testing: choose other --data"
        )
    return _some(dataset, rest[:LARGEST_TRAIN]), held, len(dataset.spec.classes)


def _some(dataset: Dataset, numbers: NDArray[np.int64]) -> Labelled:
    if dataset.labels is None:
        raise SparringError(f"the test part of {dataset.title!r} has no labels: choose other --data")
    return Labelled(dataset.batch(numbers).pictures, torch.from_numpy(dataset.labels[numbers]))
