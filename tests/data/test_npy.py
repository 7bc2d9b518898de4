"""Pictures that are one array each."""

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sparring.config import Data
from sparring.data import npy, open_dataset
from sparring.data.pairs import open_pairs
from sparring.errors import SparringError, UsageError


def save(place: Path, channels: int, value: int, kind: str = "<u2", size: int = 16) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shape = (size, size, channels) if channels else (size, size)
    np.save(place, np.full(shape, value, kind))


@pytest.mark.parametrize("channels", [0, 1, 3, 5])
@pytest.mark.parametrize("kind", ["|u1", "<u2", ">u2"])
def test_a_folder_of_arrays_is_a_set(channels: int, kind: str, tmp_path: Path) -> None:
    for number in range(9):
        save(tmp_path / f"{number}.npy", channels, 100 + number, kind)
    dataset = open_dataset(Data(path=str(tmp_path)))
    assert (dataset.spec.channels, dataset.spec.bits) == (channels or 1, 8 * int(kind[2]))
    rows = dataset.rows(np.arange(9)).numpy()
    assert rows.shape == (9, channels or 1, 16, 16)
    assert [int(row.min()) for row in rows] == [int(row.max()) for row in rows] == [*range(100, 109)]


def test_in_class_folders_of_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for number in range(9):
            name = f"{'ab'[number > 5]}/{number}.npy"
            save(tmp_path / name, 4, number)
            archive.write(tmp_path / name, name)
    dataset = open_dataset(Data(path=str(tmp_path / "set.zip")))
    assert dataset.spec.classes == ("a", "b") and dataset.spec.channels == 4
    assert dataset.labels is not None and dataset.labels.tolist() == [0] * 6 + [1] * 3


def test_pairs_may_differ_in_channels_depth_and_form(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / "A" / f"{number}.npy", 5, 1000 + number)
        save(tmp_path / "B" / f"{number}.npy", 1, 10 + number, "|u1")
    pairs = open_pairs(Data(path=str(tmp_path)), aligned=True)
    assert pairs.inputs is not None
    assert (pairs.inputs.spec.channels, pairs.inputs.spec.bits, pairs.spec.channels, pairs.spec.bits) == (5, 16, 1, 8)
    rows = np.arange(3)
    assert pairs.inputs.rows(rows)[:, 0, 0, 0].tolist() == [1000, 1001, 1002]
    assert pairs.rows(rows)[:, 0, 0, 0].tolist() == [10, 11, 12]


def test_a_side_of_pictures_and_one_of_arrays(tmp_path: Path) -> None:
    save(tmp_path / "B" / "1.npy", 1, 7, "|u1")
    (tmp_path / "A").mkdir()
    Image.new("RGB", (16, 16), (9, 9, 9)).save(tmp_path / "A" / "1.png")
    pairs = open_pairs(Data(path=str(tmp_path)), aligned=True)
    assert pairs.inputs is not None
    assert (int(pairs.rows(np.arange(1)).max()), int(pairs.inputs.rows(np.arange(1)).max())) == (7, 9)


@pytest.mark.parametrize("shape", [(50, 28, 28), (500, 28, 20), (9, 28, 28, 1), (600, 64)])
def test_arrays_that_hold_sets_are_no_pictures(shape: tuple[int, ...], tmp_path: Path) -> None:
    for number in range(10):
        np.save(tmp_path / f"{number}.npy", np.zeros(shape, np.uint8))
    with pytest.raises(UsageError, match="10 array files lie here: name one"):
        open_dataset(Data(path=str(tmp_path)))


@pytest.mark.parametrize("kind", ["<i8", "<u1", "<u4"])
@pytest.mark.parametrize("wrong", [None, -1, 70_000])
def test_maps_may_be_of_any_whole_type(kind: str, wrong: int | None, tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / "A" / f"{number}.npy", 3, number, "|u1")
        (tmp_path / "B").mkdir(exist_ok=True)
        classes = np.arange(16 * 16).reshape(16, 16) % 3
        np.save(tmp_path / "B" / f"{number}.npy", classes.astype(kind))
    config = Data(path=str(tmp_path), maps="pictures")
    if wrong is None:
        found = open_pairs(config, aligned=True)
        assert found.spec.map is not None and found.spec.map.values == (0, 1, 2)
    elif kind == "<i8":
        np.save(tmp_path / "B" / "2.npy", np.full((16, 16), wrong))
        with pytest.raises(SparringError, match=rf"2.npy .*int64 from {wrong} to {wrong}: a map of classes has whole"):
            open_pairs(config, aligned=True)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((16, 16, 3), np.float32), "pixels of float32: pictures are uint8 or uint16"),
        (np.zeros((16, 16, 3, 1), np.uint8), "a picture is [height, width, channels]"),
        (np.array([{}], object), "holds objects of Python"),
    ],
)
def test_what_is_no_picture_is_named(array: np.ndarray, words: str, tmp_path: Path) -> None:
    for number in range(8):
        save(tmp_path / f"c{number}.npy", 3, 1)
    np.save(tmp_path / "b.npy", array)
    with pytest.raises(SparringError) as caught:
        open_dataset(Data(path=str(tmp_path)))
    assert words in str(caught.value) and "b.npy" in str(caught.value)


def test_an_array_whose_end_is_missing_takes_no_memory() -> None:
    whole = BytesIO()
    np.save(whole, np.zeros((16, 20, 3), np.uint8))
    huge = whole.getvalue()[:128].replace(b"(16, 20, 3)", b"(9999999999, 20, 3)")[:128]
    with pytest.raises(ValueError, match="its end is missing"):
        npy.read(BytesIO(huge))
