"""Any set becomes a StyleGAN zip, whole or not at all."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sparring.data
from sparring.config import Data
from sparring.data.recognise import open_source
from sparring.errors import SparringError, UsageError

Save = Callable[..., Path]


def test_a_set_comes_back_as_it_was(class_folders: Path, tmp_path: Path) -> None:
    assert sparring.data.convert(str(class_folders), tmp_path / "out.zip", Data()) == 6
    before, after = open_source(str(class_folders)), open_source(str(tmp_path / "out.zip"))
    assert after.layout == "StyleGAN dataset.json: 2 classes" and after.classes == before.classes
    assert np.array_equal(before.labels, after.labels)  # type: ignore[arg-type]
    assert all(np.array_equal(before.read(i), after.read(i)) for i in range(6))
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
        assert json.loads(archive.read("dataset.json"))["labels"][5] == ["00000/img00000005.png", 1]


def test_preparation_and_depth_and_repeatability(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (3, 12, 12), np.uint16)
    np.save(tmp_path / "x.npy", deep)
    sparring.data.convert(str(tmp_path / "x.npy"), tmp_path / "a.zip", Data())
    sparring.data.convert(str(tmp_path / "x.npy"), tmp_path / "b.zip", Data())
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert np.array_equal(open_source(str(tmp_path / "a.zip")).read(2)[:, :, 0], deep[2])
    sparring.data.convert(str(tmp_path / "a.zip"), tmp_path / "c.zip", Data(size=4))
    assert open_source(str(tmp_path / "c.zip")).read(0).shape == (4, 4, 1)
    assert open_source(str(tmp_path / "c.zip")).labels is None


def test_refusals(tmp_path: Path, class_folders: Path) -> None:
    (tmp_path / "there.zip").write_bytes(b"precious")
    with pytest.raises(UsageError, match=r"there\.zip: exists already"):
        sparring.data.convert(str(class_folders), tmp_path / "there.zip", Data())
    assert (tmp_path / "there.zip").read_bytes() == b"precious"
    with pytest.raises(UsageError, match=r"ends in \.zip"):
        sparring.data.convert(str(class_folders), tmp_path / "folder", Data())
    with pytest.raises(UsageError, match="2 channels of 32 bits cannot be written as PNG"):
        sparring.data.convert("ring8", tmp_path / "x.zip", Data())
    with pytest.raises(SparringError, match=r"nowhere/x\.zip: cannot be written: No such file"):
        sparring.data.convert(str(class_folders), tmp_path / "nowhere/x.zip", Data())


def test_a_failure_leaves_nothing_behind(tmp_path: Path, save: Save, truncated: Callable[[Path], Path]) -> None:
    save(tmp_path / "set/a.png")
    truncated(tmp_path / "set/broken.png")
    with pytest.raises(SparringError, match=r"broken\.png"):
        sparring.data.convert(str(tmp_path / "set"), tmp_path / "x.zip", Data())
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    assert sparring.data.convert(str(tmp_path / "set"), tmp_path / "x.zip", Data(skip_bad=True)) == 1
