"""The order of batches: pure, complete, the same from memory and from disk, and quick."""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from sparring.config import Data
from sparring.data.batches import Labelled
from sparring.data.dataset import open_dataset
from sparring.data.stream import Stream
from sparring.errors import SparringError, UsageError

Save = Callable[..., Path]


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """Ten pictures, each filled with its number, which is also its label."""
    images = np.broadcast_to(np.arange(10, dtype=np.uint8)[:, None, None], (10, 4, 4))
    np.savez(tmp_path / "x.npz", images=images, labels=np.arange(10))
    return tmp_path / "x.npz"


def labels(stream: Stream, k: int) -> list[int]:
    batch = stream.batch(k)
    assert isinstance(batch, Labelled)
    stored = batch.pictures[:, 0, 0, 0].add(1).mul(127.5).round().long()
    assert torch.equal(stored, batch.labels)  # pictures and labels go together
    return batch.labels.tolist()


@pytest.mark.parametrize("memory_gb", [4.0, 0.0])
def test_each_epoch_shows_each_picture_once(numbers: Path, memory_gb: float) -> None:
    stream = Stream(open_dataset(Data(path=str(numbers), memory_gb=memory_gb)), 4, seed=1)
    shown = [label for k in range(10) for label in labels(stream, k)]  # 40 positions: four epochs, batches cross them
    epochs = [shown[start : start + 10] for start in range(0, 40, 10)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_the_order_is_the_documented_one(numbers: Path) -> None:
    stream = Stream(open_dataset(Data(path=str(numbers))), 5, seed=7)
    for epoch in (0, 3):
        order = np.random.Generator(np.random.PCG64(np.random.SeedSequence([7, epoch]))).permutation(10)
        assert labels(stream, 2 * epoch) + labels(stream, 2 * epoch + 1) == order.tolist()


def test_a_batch_is_a_pure_function_of_seed_and_number(numbers: Path) -> None:
    dataset = open_dataset(Data(path=str(numbers)))
    forward = [labels(Stream(dataset, 3, seed=5), k) for k in range(20)]
    one = Stream(dataset, 3, seed=5)
    assert [labels(one, k) for k in reversed(range(20))][::-1] == forward
    assert [labels(Stream(dataset, 3, seed=6), k) for k in range(20)] != forward


def test_starting_resumes_at_any_batch(numbers: Path) -> None:
    stream = Stream(open_dataset(Data(path=str(numbers))), 3, seed=5)
    for k, batch in enumerate(itertools.islice(stream.starting(17), 8), 17):
        assert torch.equal(batch.pictures, stream.batch(k).pictures)


def test_workers_give_the_bits_of_memory(tmp_path: Path, save: Save, packed: Callable[..., Path]) -> None:
    for seed in range(12):
        save(tmp_path / f"set/{'ab'[seed % 2]}/{seed}.png", size=(20 + seed, 30), seed=seed)
    path = str(packed(tmp_path / "set", tmp_path / "x.zip"))
    memory = Stream(open_dataset(Data(path=path, size=16)), 5, seed=3)
    disk = Stream(open_dataset(Data(path=path, size=16, memory_gb=0, workers=2)), 5, seed=3)
    alone = Stream(open_dataset(Data(path=path, size=16, memory_gb=0, workers=0)), 5, seed=3)
    state = torch.get_rng_state()
    for k, batches in enumerate(itertools.islice(zip(disk.starting(2), alone.starting(2), strict=True), 9), 2):
        expected = memory.batch(k)
        for batch in (*batches, disk.batch(k)):
            assert isinstance(batch, Labelled) and isinstance(expected, Labelled)
            assert torch.equal(batch.pictures, expected.pictures) and torch.equal(batch.labels, expected.labels)
    assert torch.equal(torch.get_rng_state(), state)  # the games' noise does not depend on where the pictures lie


@pytest.mark.parametrize("workers", [0, 2])
def test_a_picture_that_breaks_later_is_named_in_one_line(
    tmp_path: Path, truncated: Callable[[Path], Path], save: Save, workers: int
) -> None:
    save(tmp_path / "a.png")
    truncated(tmp_path / "broken.png")
    stream = Stream(open_dataset(Data(path=str(tmp_path), memory_gb=0, workers=workers)), 2, seed=0)
    with pytest.raises(SparringError, match=r"1 broken picture: broken\.png .*--skip-bad") as raised:
        next(stream.starting(0))
    assert "\n" not in str(raised.value)


def test_points_and_deep_pictures_stream(tmp_path: Path) -> None:
    assert Stream(open_dataset(Data(path="ring8")), 8, seed=0).batch(0).pictures.shape == (8, 2, 1, 1)
    np.save(tmp_path / "x.npy", np.array([0, 65535], np.uint16).reshape(2, 1, 1))
    batch = Stream(open_dataset(Data(path=str(tmp_path / "x.npy"))), 2, seed=0).batch(0)
    assert sorted(batch.pictures.ravel().tolist()) == [-1.0, 1.0]


def test_fewer_pictures_than_a_batch(tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(3):
        save(tmp_path / f"few/{seed}.png")
    monkeypatch.chdir(tmp_path)
    dataset = open_dataset(Data(path="few"))
    said = "data set 'few' has 3 pictures, fewer than a batch of 64: add pictures or set batch_size=3"
    with pytest.raises(UsageError, match=f"^{said}$"):
        Stream(dataset, 64, seed=0)
    assert len(Stream(dataset, 3, seed=0).batch(0)) == 3


def test_a_batch_costs_far_less_than_a_step(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((60000, 28, 28), np.uint8))
    stream = Stream(open_dataset(Data(path=str(tmp_path / "x.npy"))), 64, seed=0)
    seconds = []
    for k in range(200):
        start = time.perf_counter()
        stream.batch(k)
        seconds.append(time.perf_counter() - start)
    assert (
        np.median(seconds) < 0.0005
    )  # measured: 0.00004 on an idle core; a loop over pictures would take ten times this
