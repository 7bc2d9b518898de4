"""What is known of every picture: of rendered ones their factors, of labelled ones their class."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sparring.config import Data
from sparring.data.batches import Factored
from sparring.data.dataset import Dataset, open_dataset
from sparring.data.spec import Factor
from sparring.data.stream import Stream

Save = Callable[..., Path]


@pytest.fixture(scope="module")
def shapes() -> Dataset:
    return open_dataset(Data(path="shapes", size=8))


def test_the_factors_of_shapes(shapes: Dataset) -> None:
    assert {factor.name: len(factor.values) for factor in shapes.spec.factors} == {
        "shape": 4,
        "colour": 6,
        "size": 2,
        "place": 5,
        "fill": 2,
    }
    assert shapes.factors is not None and shapes.factors.shape == (3840, 5)
    assert shapes.source.factors is not None
    for column, factor in enumerate(shapes.spec.factors):
        counts = np.bincount(shapes.factors[:, column])
        assert len(set(counts.tolist())) == 1  # all values are equally frequent
        names = np.array(factor.values)[shapes.factors[:, column]]
        assert np.array_equal(names, shapes.source.factors[factor.name])


def test_batches_carry_the_factors_of_their_pictures(shapes: Dataset) -> None:
    stream = Stream(shapes, batch_size=32, seed=1)
    batch = stream.batch(3)
    assert isinstance(batch, Factored) and shapes.factors is not None
    assert np.array_equal(batch.factors.numpy(), shapes.factors[stream.indices(3)])
    direct = shapes.batch(stream.indices(3))
    assert isinstance(direct, Factored) and bool((direct.factors == batch.factors).all())


def test_the_one_factor_of_class_folders_is_the_class(class_folders: Path) -> None:
    dataset = open_dataset(Data(path=str(class_folders), size=16))
    assert dataset.spec.factors == (Factor(name="class", values=("cat", "dog")),)
    assert dataset.factors is not None and dataset.labels is not None
    assert np.array_equal(dataset.factors, dataset.labels[:, None])


def test_unlabelled_pictures_have_no_factors(tmp_path: Path, save: Save) -> None:
    for number in range(3):
        save(tmp_path / f"{number}.png", seed=number)
    dataset = open_dataset(Data(path=str(tmp_path)))
    assert dataset.spec.factors == () and dataset.factors is None
