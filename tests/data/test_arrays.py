"""Arrays of pictures and of points."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sparring.config import Data
from sparring.data.dataset import open_dataset
from sparring.data.recognise import open_source
from sparring.errors import SparringError, UsageError


def noise(*shape: int, kind: type[np.generic] = np.uint8) -> NDArray[Any]:
    return np.random.default_rng(0).integers(0, 200, shape).astype(kind)


@pytest.mark.parametrize("shape", [(5, 8, 9), (5, 8, 9, 1), (5, 8, 9, 3), (5, 8, 9, 7)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_any_channels_and_both_depths_survive_bit_for_bit(
    tmp_path: Path, shape: tuple[int, ...], kind: type[np.generic]
) -> None:
    array = noise(*shape, kind=kind) * (1 if kind is np.uint8 else 300)
    array = array.astype(kind)
    np.save(tmp_path / "x.npy", array)
    dataset = open_dataset(Data(path=str(tmp_path / "x.npy")))
    stored = dataset.rows(np.arange(5)).numpy().transpose(0, 2, 3, 1)
    assert dataset.spec.bits == np.dtype(kind).itemsize * 8 and stored.dtype == kind
    assert np.array_equal(stored.reshape(shape), array)


@pytest.mark.parametrize(("images", "labels"), [("arr_0", "arr_1"), ("images", "labels")])
def test_names_in_npz(tmp_path: Path, images: str, labels: str) -> None:
    np.savez(tmp_path / "x.npz", **{images: noise(4, 8, 8), labels: np.array([0, 2, 1, 0])})  # type: ignore[arg-type]
    source = open_source(str(tmp_path / "x.npz"))
    assert source.labels is not None and source.labels.tolist() == [0, 2, 1, 0]
    assert (
        source.classes == ("0", "1", "2")
        and source.layout == ".npz array: 4 pictures of 8x8, 1 channel, 8 bit, 3 classes"
    )


def test_splits_in_npz(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "x.npz",
        x_train=noise(4, 8, 8),
        y_train=np.zeros(4, int),
        x_test=noise(2, 8, 8),
        y_test=np.ones(2, int),
    )
    train, test = open_source(str(tmp_path)), open_source(str(tmp_path), "test")
    assert (len(train), len(test)) == (4, 2) and train.splits == ("train", "test")
    assert test.labels is not None and test.labels.tolist() == [1, 1]


def test_true_and_false_are_white_and_black(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(4, dtype=bool)[None])
    assert (open_source(str(tmp_path / "x.npy")).read(0)[:, :, 0] == np.eye(4) * 255).all()


def test_points_stay_as_they_are(tmp_path: Path) -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    np.save(tmp_path / "p.npy", points)
    dataset = open_dataset(Data(path=str(tmp_path / "p.npy")))
    assert dataset.spec.points and dataset.spec.shape == (2, 1, 1)
    assert np.array_equal(dataset.batch(np.arange(50)).pictures.numpy().reshape(50, 2), points.astype(np.float32))
    with pytest.raises(UsageError, match="holds points"):
        open_dataset(Data(path=str(tmp_path / "p.npy"), size=32))


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((3, 4, 4)), r"x\.npy: floating-point pictures are not guessed at.*\* 255"),
        (np.full((3, 4, 4), -1.0), r"x\.npy: floating-point pictures are not guessed at.*\+ 1\) \* 127\.5"),
        (np.zeros((3, 4, 4), np.int64), r"x\.npy: int64 numbers: save pictures as uint8"),
        (np.zeros((4, 4), np.uint8), r"shape \(4, 4\): pictures are"),
        (np.zeros((5, 3, 8, 8), np.uint8), r"channels first: save numpy\.moveaxis"),
        (np.array([[0, 0], [np.nan, 1]]), r"point 1 is not finite \(1 such points\)"),
        (np.array([[0.0, 5.0]]), r"points reach 5: scale them"),
        (np.array([{"a": 1}]), r"x\.npy: not an array file that can be read without unpickling"),
    ],
)
def test_bad_arrays_name_the_file_and_the_remedy(tmp_path: Path, array: NDArray[Any], said: str) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(SparringError, match=said) as raised:
        open_source(str(tmp_path / "x.npy"))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.array([0, 1]), "2 labels for 3 pictures"),
        (np.array([0, -1, 0]), "label -1 of picture 1 is out of range"),
        (np.array([0, 1, 10**6]), "label 1000000 of picture 2 is out of range"),
        (np.array([0.0, 1, 2]), "labels are float64"),
    ],
)
def test_bad_labels(tmp_path: Path, labels: NDArray[Any], said: str) -> None:
    np.savez(tmp_path / "x.npz", images=noise(3, 8, 8), labels=labels)
    with pytest.raises(SparringError, match=said):
        open_source(str(tmp_path / "x.npz"))


def test_statistics_and_strangers_are_no_pictures(tmp_path: Path) -> None:
    np.savez(tmp_path / "fid.npz", mu=np.zeros(3), sigma=np.eye(3))
    with pytest.raises(SparringError, match="holds statistics"):
        open_source(str(tmp_path / "fid.npz"))
    np.savez(tmp_path / "odd.npz", weights=np.zeros(3))
    with pytest.raises(SparringError, match=r"no array named images or arr_0 \(found: weights\)"):
        open_source(str(tmp_path / "odd.npz"))


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", noise(9, 8, 8))
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-50])
    with pytest.raises(SparringError, match=r"x\.npy: not an array file"):
        open_source(str(tmp_path / "x.npy"))


def test_a_pickle_named_npy_does_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {tmp_path}/pwned",)

    (tmp_path / "x.npy").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(SparringError, match=r"x\.npy"):
        open_source(str(tmp_path / "x.npy"))
    assert not (tmp_path / "pwned").exists()


def test_several_array_files_are_not_guessed_between(tmp_path: Path) -> None:
    for name in ("a.npy", "b.npy"):
        np.save(tmp_path / name, noise(2, 8, 8))
    with pytest.raises(UsageError, match=r"2 array files lie here: name one, such as .*a\.npy"):
        open_source(str(tmp_path))
