"""The few pictures that keep their label, and the batches that they come in."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from sparring.config import Data
from sparring.data.batches import FewLabels
from sparring.data.dataset import open_dataset
from sparring.data.few import labelled_few
from sparring.data.stream import Stream
from sparring.errors import UsageError

Save = Callable[..., Path]
NAMES = ("cat", "dog", "emu")


def labels(*counts: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """So many of each class, mixed."""
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))


@pytest.mark.parametrize(
    ("wanted", "counts"), [(3, [1, 1, 1]), (6, [2, 2, 2]), (7, [3, 2, 2]), (0.5, [5, 10, 2]), (0.1, [1, 2, 0])]
)
def test_each_class_keeps_its_share(wanted: int | float, counts: list[int]) -> None:
    of = labels(10, 20, 4)
    if 0 in counts:
        with pytest.raises(UsageError, match=r"data\.labelled=0\.1 leaves class 'emu' \(4 pictures.*raise it"):
            labelled_few(of, NAMES, wanted, seed=0)
        return
    chosen = labelled_few(of, NAMES, wanted, seed=0)
    assert np.bincount(of[chosen], minlength=3).tolist() == counts
    assert (np.diff(chosen) > 0).all()  # sorted, none twice


def test_the_seed_decides_which() -> None:
    of = labels(100, 100, 100)
    first, same, other = (labelled_few(of, NAMES, 30, seed) for seed in (1, 1, 2))
    assert (first == same).all()
    assert (first != other).any()


def test_classes_without_enough_pictures_are_named() -> None:
    with pytest.raises(UsageError, match=r"data\.labelled=2 leaves class 'emu' \(9 pictures, 3 classes\)"):
        labelled_few(labels(9, 9, 9), NAMES, 2, seed=0)
    with pytest.raises(UsageError, match=r"wants 5 pictures of class 'dog', which has 2: lower it"):
        labelled_few(labels(9, 2, 9), NAMES, 15, seed=0)


@pytest.mark.parametrize("wanted", [3, 0.5])
def test_a_class_without_pictures_is_named(wanted: int | float) -> None:
    with pytest.raises(UsageError, match=r"there is no picture of class 'emu': add some, or leave the class out"):
        labelled_few(labels(9, 9), NAMES, wanted, seed=0)


@pytest.fixture
def folders(tmp_path: Path, save: Save) -> Path:
    """Twelve pictures of two classes, six each."""
    for seed in range(12):
        save(tmp_path / f"set/{'ab'[seed % 2]}/{seed:02}.png", seed=seed)
    return tmp_path / "set"


def stream(path: Path, labelled: int | float | None, memory_gb: float = 4.0, seed: int = 3, workers: int = 0) -> Stream:
    data = Data(path=str(path), labelled=labelled, memory_gb=memory_gb, workers=workers)
    return Stream(open_dataset(data), 5, seed=seed)


def few(of: Stream, k: int) -> FewLabels:
    batch = of.batch(k)
    assert isinstance(batch, FewLabels)
    return batch


def equal(one: FewLabels, other: FewLabels) -> bool:
    pairs = [
        (one.pictures, other.pictures),
        (one.labelled.pictures, other.labelled.pictures),
        (one.labelled.labels, other.labelled.labels),
    ]
    return all(torch.equal(left, right) for left, right in pairs)


def test_a_batch_has_as_many_labelled_pictures_as_others(folders: Path) -> None:
    of = stream(folders, labelled=4)
    everything = of.dataset.batch(np.arange(12)).pictures
    shown = set()
    for k in range(8):
        batch = few(of, k)
        assert len(batch) == len(batch.labelled) == len(batch.labelled.labels) == 5  # more than there are: they repeat
        for picture, label in zip(batch.labelled.pictures, batch.labelled.labels.tolist(), strict=True):
            (index,) = [at for at in range(12) if torch.equal(everything[at], picture)]
            assert of.dataset.labels is not None and of.dataset.labels[index] == label
            shown.add((index, label))
    assert len(shown) == 4
    assert sorted(label for _, label in shown) == [0, 0, 1, 1]


def test_all_pictures_come_without_labels_and_in_the_usual_order(folders: Path) -> None:
    plain, of = stream(folders, labelled=None), stream(folders, labelled=4)
    for k in range(6):
        assert torch.equal(plain.batch(k).pictures, few(of, k).pictures)


def test_batch_k_depends_on_the_seed_and_k_alone(folders: Path) -> None:
    of = stream(folders, labelled=4)
    forward = [few(of, k) for k in range(9)]
    assert all(equal(few(of, k), forward[k]) for k in reversed(range(9)))
    assert all(equal(few(stream(folders, labelled=4), k), forward[k]) for k in (4, 0))
    assert not any(equal(few(stream(folders, labelled=4, seed=4), k), forward[k]) for k in range(3))
    torch.manual_seed(9)
    for k, batch in enumerate(itertools.islice(of.starting(5), 4), 5):
        assert isinstance(batch, FewLabels) and equal(batch, forward[k])


def test_pictures_on_disk_give_the_bits_of_memory(folders: Path) -> None:
    memory = stream(folders, labelled=0.5)
    for workers in (0, 2):
        disk = stream(folders, labelled=0.5, memory_gb=0, workers=workers)
        assert disk.dataset.stored is None
        for k, batch in enumerate(itertools.islice(disk.starting(1), 4), 1):
            assert isinstance(batch, FewLabels) and equal(batch, few(memory, k))
            assert equal(few(disk, k), few(memory, k))


def test_a_set_without_labels_has_none_to_keep(tmp_path: Path, save: Save) -> None:
    for seed in range(6):
        save(tmp_path / f"flat/{seed}.png", seed=seed)
    with pytest.raises(UsageError, match=r"data\.labelled=2: .*flat.* has no labels to keep"):
        stream(tmp_path / "flat", labelled=2)
