"""The parts of a set: what is trained on, and what is not."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sparring import data as datasets
from sparring.config import Data, Recipe
from sparring.data import Dataset
from sparring.data.batches import Images, Paired, Unpaired
from sparring.data.pairs import open_pairs
from sparring.data.spec import Spec
from sparring.errors import SparringError, UsageError
from sparring.seeds import mix

EXAMPLES = 24
"""Translations in a grid."""


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
    return Sets(train, open_set(config.model_copy(update=like), _sort(train), say, train.spec))


def open_set(config: Data, takes: type[Images], say: Callable[[str], None], like: Spec | None = None) -> Dataset:
    """A set as a game takes it: pictures, partners, or two domains; maps with the classes of `like`, if given.

    Raises:
        UsageError: there is no such set or part, or it has one side where two are needed.
        SparringError: it is damaged.
    """
    if issubclass(takes, Paired | Unpaired):
        return open_pairs(config, aligned=takes is Paired, announce=say, like=like)
    given = [name for name in ("inputs", "pairs", "maps") if getattr(config, name) is not None]
    if given:
        raise UsageError(f"data.{given[0]} is for games that translate, such as pix2pix: leave it out")
    return datasets.open_dataset(config, say)


def _sort(dataset: Dataset) -> type[Images]:
    """The sort of batch that it gives."""
    if dataset.inputs is None:
        return Images
    return Paired if dataset.aligned else Unpaired


def examples(recipe: Recipe, dataset: Dataset) -> Images:
    """What the grids of a run that translates show, held out where the set has a test part."""
    lazy = recipe.data.model_copy(update={"memory_gb": 0.0})
    try:
        test = with_test_part(dataset, lazy, lambda text: None).test
        if test is not None:
            return _some(test, recipe.seed)
    except SparringError:
        pass  # what is wrong with it, the doctor says
    return _some(dataset, recipe.seed)


def _some(dataset: Dataset, seed: int) -> Images:
    return dataset.batch(np.random.default_rng(mix("examples", seed)).permutation(len(dataset))[:EXAMPLES])
