"""From a configuration to pictures of one shape; what is chosen for the user is said, what is broken is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from sparring.config import Data
from sparring.data.batches import Images, Labelled
from sparring.data.dataset import Dataset, open_dataset
from sparring.data.parallel import silent
from sparring.errors import SparringError, UsageError

Save = Callable[..., Path]


def opened(path: Path, **options: Any) -> Dataset:
    return open_dataset(Data.model_validate({"path": str(path), **options}))


@pytest.mark.parametrize("memory_gb", [4.0, 0.0])
def test_a_batch_is_normalised_and_labelled(class_folders: Path, memory_gb: float) -> None:
    dataset = opened(class_folders, memory_gb=memory_gb)
    batch = dataset.batch(np.array([5, 0]))
    assert isinstance(batch, Labelled) and batch.labels.tolist() == [1, 0] and dataset.spec.classes == ("cat", "dog")
    pixels = np.asarray(Image.open(class_folders / "train/dog/3.png")).transpose(2, 0, 1)
    assert batch.pictures.dtype == torch.float32 and batch.pictures.shape == (2, 3, 16, 16)
    torch.testing.assert_close(batch.pictures[0], torch.from_numpy(pixels / 127.5 - 1).float())


def test_without_labels_a_batch_is_images(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "a.png")
    assert type(opened(tmp_path).batch(np.array([0]))) is Images


def test_pictures_of_one_size_keep_it(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "a.png", size=(20, 12))
    dataset = opened(tmp_path)
    assert dataset.spec.shape == (3, 12, 20) and dataset.notes == []


@pytest.mark.parametrize(("sizes", "side"), [([(80, 70), (64, 100)], 64), ([(80, 70), (63, 100)], 32)])
def test_different_sizes_become_a_square_and_that_is_said(
    tmp_path: Path, save: Save, sizes: list[tuple[int, int]], side: int
) -> None:
    for seed, size in enumerate(sizes):
        save(tmp_path / f"{seed}.png", size=size)
    dataset = opened(tmp_path)
    assert dataset.spec.shape == (3, side, side)
    assert dataset.notes == [f"pictures have 2 sizes: cropped to {side}x{side}; choose with data.size"]


def test_photographs_are_not_trained_at_their_own_size_unless_asked(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "a.png", size=(300, 200))
    dataset = opened(tmp_path)
    assert dataset.spec.shape == (3, 64, 64)
    assert dataset.notes == ["pictures have more than 256 pixels a side: cropped to 64x64; choose with data.size"]
    assert opened(tmp_path, size=(200, 300)).spec.shape == (3, 200, 300)


def test_a_size_is_height_then_width_and_a_change_of_shape_is_said(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "a.png", size=(40, 40))
    dataset = opened(tmp_path, size=(8, 24), fit="pad")
    assert dataset.spec.shape == (3, 8, 24)
    assert dataset.notes == ["1 pictures of other proportions are padded to 24x8 (data.fit)"]


def test_grey_among_colour_becomes_colour_and_that_is_said(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "a.png", mode="L")
    save(tmp_path / "b.png")
    assert opened(tmp_path).spec.channels == 3 and "1 grey pictures among 1 coloured" in opened(tmp_path).notes[0]
    assert opened(tmp_path, channels=1).spec.channels == 1


def test_transparency_and_lost_depth_are_said(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "a.png", mode="RGBA")
    assert opened(tmp_path).notes == ["transparent pictures are laid on white"]
    (tmp_path / "a.png").unlink()
    deep = np.zeros((16, 16, 4), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", deep, photometric="separated", metadata=None)
    assert "16 bits whose colours are not RGB are read as 8 bits" in opened(tmp_path).notes[0]


def test_two_depths_are_an_error_that_says_which(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "a.png", mode="L")
    Image.fromarray(np.zeros((16, 16), np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(SparringError, match=r"1 of 8 bits \(such as a\.png\), 1 of 16 bits \(such as deep\.png\)"):
        opened(tmp_path)


def test_many_channels_cannot_be_converted(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, 8, 8, 5), np.uint8))
    with pytest.raises(UsageError, match="has 5 channels, which cannot become 3"):
        opened(tmp_path / "x.npy", channels=3)


@pytest.mark.parametrize("memory_gb", [4.0, 0.0])
def test_one_broken_picture_is_named_and_can_be_skipped(
    tmp_path: Path, save: Save, truncated: Callable[[Path], Path], memory_gb: float
) -> None:
    for seed in range(4):
        save(tmp_path / f"{'ab'[seed % 2]}/{seed}.png", seed=seed)
    truncated(tmp_path / "a/broken.png")
    (tmp_path / "b/empty.png").write_bytes(b"")
    with pytest.raises(SparringError, match=r"b/empty\.png \(the file is empty\).*--skip-bad") as raised:
        opened(tmp_path, memory_gb=memory_gb)
    assert raised.value.exit_code == 1 and "\n" not in str(raised.value)
    dataset = opened(tmp_path, memory_gb=memory_gb, skip_bad=True)
    assert dataset.notes == ["2 broken pictures left out: a/broken.png, b/empty.png"]
    assert dataset.labels is not None and dataset.labels.tolist() == [0, 0, 1, 1]
    pixels = np.asarray(Image.open(tmp_path / "b/1.png")).transpose(2, 0, 1)
    assert np.array_equal(dataset.rows(np.array([2]))[0].numpy(), pixels)


def test_all_broken_pictures_are_counted_and_five_named(
    tmp_path: Path, save: Save, truncated: Callable[[Path], Path]
) -> None:
    save(tmp_path / "good.png")
    for index in range(8):
        truncated(tmp_path / f"bad{index}.png")
    with pytest.raises(
        SparringError, match=r"8 broken pictures: bad0\.png .*bad4\.png \([^)]*\) and 3 more: mend them"
    ):
        opened(tmp_path)


def test_skipping_leaves_at_least_one(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(SparringError, match=r"1 broken picture: a\.png"):
        opened(tmp_path, skip_bad=True)


def test_an_empty_array_is_nothing_to_train_on(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((0, 8, 8), np.uint8))
    with pytest.raises(SparringError, match="holds no pictures"):
        opened(tmp_path / "x.npy")


@pytest.mark.parametrize("memory_gb", [4.0, 0.0])
def test_the_fingerprint_follows_the_content(class_folders: Path, save: Save, memory_gb: float) -> None:
    before = opened(class_folders, memory_gb=memory_gb).fingerprint
    assert len(before) == 16 and opened(class_folders, memory_gb=memory_gb).fingerprint == before
    assert opened(class_folders, memory_gb=memory_gb, size=8).fingerprint != before
    save(class_folders / "train/cat/0.png", seed=100, size=(16, 16), mode="L" if memory_gb == 0 else "RGB")
    assert opened(class_folders, memory_gb=memory_gb).fingerprint != before


def test_a_long_decoding_is_announced(tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparring.data.parallel._SECONDS_BETWEEN", 0.0)
    save(tmp_path / "a.png")
    said: list[str] = []
    open_dataset(Data(path=str(tmp_path)), said.append)
    assert said == ["looking at headers: 1 of 1", "decoding pictures: 1 of 1"]
    silent("")
