"""MNIST's, CIFAR's and SVHN's files as they are published."""

import gzip
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sparring.data.recognise import open_source
from sparring.data.unpickle import unpickle
from sparring.errors import SparringError, UsageError


def idx(path: Path, array: NDArray[Any]) -> Path:
    """Write one IDX file, gzipped where its name says so."""
    data = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    root = tmp_path / "mnist"
    root.mkdir()
    for part, count in (("train", 6), ("t10k", 3)):
        idx(root / f"{part}-images-idx3-ubyte.gz", noise(count, 28, 28))
        idx(root / f"{part}-labels-idx1-ubyte.gz", np.arange(count))
    return root


def test_idx_pairs_and_their_splits(mnist: Path) -> None:
    train, test = open_source(str(mnist)), open_source(str(mnist), "test")
    assert train.labels is not None and train.labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert len(test) == 3 and set(train.splits) == {"train", "test"}
    assert np.array_equal(train.read(4)[:, :, 0], noise(6, 28, 28)[4])
    idx(mnist / "train-images-idx3-ubyte", noise(6, 28, 28))  # unpacked beside its archive: still one set
    assert len(open_source(str(mnist))) == 6


def test_one_idx_file_finds_its_labels(mnist: Path) -> None:
    path = mnist / "t10k-images-idx3-ubyte.gz"
    source = open_source(str(path))
    assert source.labels is not None and source.labels.tolist() == [0, 1, 2]
    (mnist / "t10k-labels-idx1-ubyte.gz").unlink()
    assert open_source(str(path)).labels is None
    with pytest.raises(SparringError, match="holds labels, not pictures"):
        open_source(str(mnist / "train-labels-idx1-ubyte.gz"))


def test_the_classes_of_fashion_have_names(tmp_path: Path) -> None:
    (tmp_path / "fashion-mnist").mkdir()
    idx(tmp_path / "fashion-mnist/train-images-idx3-ubyte", noise(10, 28, 28))
    idx(tmp_path / "fashion-mnist/train-labels-idx1-ubyte", np.arange(10))
    assert open_source(str(tmp_path / "fashion-mnist")).classes[9] == "ankle boot"


def test_idx_labels_of_another_number(mnist: Path) -> None:
    idx(mnist / "train-labels-idx1-ubyte.gz", np.arange(5))
    with pytest.raises(SparringError, match=r"train-labels-idx1-ubyte\.gz: 5 labels for 6 pictures"):
        open_source(str(mnist))


@pytest.mark.parametrize("harm", ["cut", "longer", "lie"])
def test_damaged_idx_files_are_named(tmp_path: Path, harm: str) -> None:
    path = idx(tmp_path / "train-images-idx3-ubyte", noise(4, 8, 8))
    data = path.read_bytes()
    lie = data[:4] + struct.pack(">I", 2**31) + data[8:]
    path.write_bytes({"cut": data[:-9], "longer": data + b"x", "lie": lie}[harm])
    with pytest.raises(SparringError, match=r"train-images-idx3-ubyte: .*its header promises"):
        open_source(str(tmp_path))


def test_a_cut_gzip_is_named(mnist: Path) -> None:
    path = mnist / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(SparringError, match=r"train-images-idx3-ubyte\.gz: cannot be read to its end"):
        open_source(str(mnist))


def test_two_idx_sets_in_one_folder_are_not_guessed_between(mnist: Path) -> None:
    idx(mnist / "emnist-letters-train-images-idx3-ubyte", noise(4, 28, 28))
    with pytest.raises(UsageError, match="several sets"):
        open_source(str(mnist))


def batch(count: int, seed: int, key: str = "labels", classes: int = 10) -> dict[bytes, Any]:
    generator = np.random.default_rng(seed)
    return {
        b"data": generator.integers(0, 256, (count, 3072), np.uint8),
        key.encode(): generator.integers(0, classes, count).tolist(),
        b"filenames": [b"x.png"] * count,
    }


@pytest.fixture
def cifar10(tmp_path: Path) -> Path:
    root = tmp_path / "data/cifar-10-batches-py"
    root.mkdir(parents=True)
    for number in (1, 2):
        (root / f"data_batch_{number}").write_bytes(pickle.dumps(batch(4, number), protocol=2))
    (root / "test_batch").write_bytes(pickle.dumps(batch(3, 9), protocol=2))
    (root / "batches.meta").write_bytes(
        pickle.dumps({b"label_names": [f"c{i}".encode() for i in range(10)]}, protocol=2)
    )
    return root.parent


def test_cifar10_python_batches(cifar10: Path) -> None:
    source = open_source(str(cifar10))
    expected = batch(4, 2)
    assert len(source) == 8 and source.classes[3] == "c3" and len(open_source(str(cifar10), "test")) == 3
    assert source.labels is not None and source.labels[4:].tolist() == expected[b"labels"]
    assert np.array_equal(source.read(5), expected[b"data"][1].reshape(3, 32, 32).transpose(1, 2, 0))
    assert len(open_source(str(cifar10 / "cifar-10-batches-py/data_batch_1"))) == 4


def test_cifar100_takes_the_fine_labels(tmp_path: Path) -> None:
    table = {**batch(5, 0, "fine_labels", 100), b"coarse_labels": [0] * 5}
    (tmp_path / "train").write_bytes(pickle.dumps(table, protocol=2))
    (tmp_path / "meta").write_bytes(pickle.dumps({b"fine_label_names": [f"f{i}" for i in range(100)]}, protocol=2))
    source = open_source(str(tmp_path))
    assert source.labels is not None and source.labels.tolist() == table[b"fine_labels"] and source.classes[99] == "f99"


@pytest.mark.parametrize(("name", "label_bytes"), [("data_batch_1.bin", 1), ("train.bin", 2)])
def test_cifar_binary_version(tmp_path: Path, name: str, label_bytes: int) -> None:
    rows = noise(3, label_bytes + 3072)
    rows[:, :label_bytes] = [[7] * (label_bytes - 1) + [i] for i in range(3)]
    (tmp_path / name).write_bytes(rows.tobytes())
    source = open_source(str(tmp_path))
    assert source.labels is not None and source.labels.tolist() == [0, 1, 2]
    assert np.array_equal(source.read(2)[:, :, 0], rows[2, label_bytes:][:1024].reshape(32, 32))
    (tmp_path / name).write_bytes(rows.tobytes()[:-1])
    with pytest.raises(SparringError, match="is no multiple of"):
        open_source(str(tmp_path))


class Evil:
    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self.call = call, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


@pytest.mark.parametrize("call", [os.system, eval, getattr, np.load, np.fromfile])
def test_a_pickle_that_asks_for_code_is_refused(cifar10: Path, tmp_path: Path, call: Callable[..., object]) -> None:
    target = tmp_path / "pwned"
    payload = {**batch(2, 0), b"evil": Evil(call, f"touch {target}")}
    (cifar10 / "cifar-10-batches-py/data_batch_1").write_bytes(pickle.dumps(payload, protocol=2))
    with pytest.raises(
        SparringError, match=r"data_batch_1: refused as a pickle of pictures: it asks for .*could run code"
    ):
        open_source(str(cifar10))
    assert not target.exists()


def test_an_array_of_objects_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(pickle.dumps({"data": np.array([[1], [2, 3]], object)}, protocol=2))
    with pytest.raises(SparringError, match="an array of 'O8'"):
        unpickle(tmp_path / "x")


def test_arrays_of_each_kind_are_unpickled_as_they_were(tmp_path: Path) -> None:
    table = {kind: np.arange(6).reshape(2, 3).astype(kind) for kind in ("<u2", ">i4", "f8")}
    table["F"] = np.asfortranarray(table["f8"])
    (tmp_path / "x").write_bytes(pickle.dumps(table, protocol=2))
    for key, array in unpickle(tmp_path / "x").items():
        assert np.array_equal(array, table[key]) and array.dtype == table[key].dtype


def test_a_cifar_label_without_a_name_is_out_of_range(cifar10: Path) -> None:
    table = batch(4, 0)
    table[b"labels"][2] = 12
    (cifar10 / "cifar-10-batches-py/data_batch_1").write_bytes(pickle.dumps(table, protocol=2))
    with pytest.raises(SparringError, match=r"label 12 is out of range: .* names 10 classes"):
        open_source(str(cifar10))


def test_svhn_calls_the_digit_0_ten(tmp_path: Path) -> None:
    from scipy.io import savemat

    pixels = noise(32, 32, 3, 4)
    savemat(tmp_path / "train_32x32.mat", {"X": pixels, "y": np.array([[10], [1], [9], [10]])})
    source = open_source(str(tmp_path))
    assert source.labels is not None and source.labels.tolist() == [0, 1, 9, 0] and source.classes[0] == "0"
    assert np.array_equal(source.read(2), pixels[..., 2])
    with pytest.raises(UsageError, match="no split 'test'"):
        open_source(str(tmp_path), "test")
    savemat(tmp_path / "train_32x32.mat", {"X": pixels, "y": np.array([[11], [1], [9], [10]])})
    with pytest.raises(SparringError, match="a label is out of range"):
        open_source(str(tmp_path / "train_32x32.mat"))
    (tmp_path / "train_32x32.mat").write_bytes(b"MATLAB 5.0 " + bytes(200))
    with pytest.raises(SparringError, match=r"train_32x32\.mat: not a MATLAB file"):
        open_source(str(tmp_path))
