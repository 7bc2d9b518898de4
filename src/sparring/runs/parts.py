"""The parts of a set: what is trained on, and what is not."""

from collections.abc import Callable
from dataclasses import dataclass

from sparring import data as datasets
from sparring.config import Data
from sparring.data import Dataset


@dataclass(frozen=True)
class Sets:
    """The pictures to compare with.

    Attributes:
        train: what the model was, or could have been, trained on.
        test: the part of the set that was not; None where it has none.
    """

    train: Dataset
    test: Dataset | None


def with_test_part(train: Dataset, config: Data, say: Callable[[str], None]) -> Sets:
    """The set that is trained on, and its test part where it has one."""
    if config.split != "train" or "test" not in train.source.splits:
        return Sets(train, None)
    # shaped like the training part, whatever its own pictures are
    like = {"split": "test", "size": None if train.spec.points else (train.spec.height, train.spec.width)}
    return Sets(train, datasets.open_dataset(config.model_copy(update=like), say))
