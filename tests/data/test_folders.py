"""Flat folders, class folders and zips of either."""

import os
import pickle
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sparring.data.archives import SMALL_ENTRY, Archive
from sparring.data.folders import PictureSource
from sparring.data.recognise import open_source
from sparring.data.sources import BrokenPicture
from sparring.errors import SparringError, UsageError

Save = Callable[..., Path]


def test_a_flat_folder_is_read_recursively_in_the_order_of_names(tmp_path: Path, save: Save) -> None:
    for name in ("b.png", "deep/c.JPG", "a.bmp"):
        save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    source = open_source(str(tmp_path))
    assert [source.name(i) for i in range(len(source))] == ["a.bmp", "b.png", "deep/c.JPG"]
    assert source.labels is None and source.classes == ()
    assert (
        source.layout
        == "flat folder: pictures without labels, since 'a.bmp' lies in no folder; 1 other files left alone"
    )


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_class_folders_with_splits(class_folders: Path, packed: Callable[..., Path], kind: str) -> None:
    path = class_folders if kind == "folder" else packed(class_folders, class_folders.parent / "set.zip")
    train, test = open_source(str(path)), open_source(str(path), "testing")
    assert train.classes == test.classes == ("cat", "dog")
    assert train.labels is not None and train.labels.tolist() == [0, 0, 1, 1, 1, 1]
    assert test.labels is not None and test.labels.tolist() == [0, 1]
    assert train.splits == ("test", "train") and "split 'train' of test, train" in train.layout
    assert train.read(0).shape == (16, 16, 3)
    with pytest.raises(UsageError, match=r"no split 'tset': did you mean 'test'"):
        open_source(str(path), "tset")


def test_a_class_has_the_same_number_in_each_split(tmp_path: Path, save: Save) -> None:
    for name in ("train/a", "train/b", "train/c", "val/a", "val/c"):
        save(tmp_path / name / "0.png")
    labels = open_source(str(tmp_path), "val").labels
    assert labels is not None and labels.tolist() == [0, 2]


def test_a_set_without_splits_has_only_train(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "a.png")
    with pytest.raises(UsageError, match="not divided into splits"):
        open_source(str(tmp_path), "test")


def test_folders_that_wrap_everything_mean_nothing(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "outer/inner/a.png")
    save(tmp_path / "outer/inner/b.png")
    assert open_source(str(tmp_path)).labels is None


def test_link_loops_end(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "cats/a.png")
    (tmp_path / "cats/up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert len(open_source(str(tmp_path))) == 1


def test_a_dangling_link_is_a_broken_picture(tmp_path: Path) -> None:
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(BrokenPicture, match=r"gone.png: the file is not there"):
        open_source(str(tmp_path)).read(0)


def test_an_odd_name_is_printable(tmp_path: Path, save: Save) -> None:
    picture = save(tmp_path / "a.png")
    picture.rename(tmp_path / os.fsdecode(b"\xff\n\xe2\x80\xae.png"))
    source = open_source(str(tmp_path))
    assert source.name(0).isprintable() and source.name(0).encode().endswith(b".png")
    assert source.read(0).shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("path", "said"),
    [("digitz", "did you mean 'digits'"), ("catz", "did you mean 'cats'"), ("xqw", "embedded sets: digits, shapes")],
)
def test_a_wrong_name_suggests_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, said: str
) -> None:
    (tmp_path / "cats").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"no data at '{path}': {said}"):
        open_source(path)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SparringError, match=r"empty: holds no pictures \(it is empty\)") as raised:
        open_source(str(tmp_path / "empty"))
    assert raised.value.exit_code == 1


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("full", [("day",), ("dawn", "day")])
def test_a_class_without_a_picture_is_named(full: tuple[str, ...], zipped: bool, tmp_path: Path, save: Save) -> None:
    for name in full:
        save(tmp_path / "set" / name / "a.png")
    (tmp_path / "set" / "night").mkdir()
    path = tmp_path / "set"
    if zipped:
        path = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "set"))
    assert re.search(r"; nothing lies in (set/)?night$", open_source(str(path)).layout)


def test_a_folder_of_other_files_names_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(SparringError, match=r"1 other files, such as 'a.txt'"):
        open_source(str(tmp_path))


def test_an_unreadable_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: Save) -> None:
    save(tmp_path / "a.png")

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)  # tests may run as root, who may read everything
    with pytest.raises(SparringError, match=f"{tmp_path}: Permission denied"):
        open_source(str(tmp_path))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        open_source(str(tmp_path / "pipe"))


def test_one_picture_and_an_unknown_file_are_no_sets(tmp_path: Path, save: Save) -> None:
    with pytest.raises(UsageError, match="is one picture: name the folder"):
        open_source(str(save(tmp_path / "a.png")))
    (tmp_path / "a.xyz").write_text("hello")
    with pytest.raises(UsageError, match="not a data set that is recognised"):
        open_source(str(tmp_path / "a.xyz"))


@pytest.mark.parametrize("name", ["../evil.png", "/etc/evil.png", "a/../../evil.png", "..\\evil.png", "C:/evil.png"])
def test_a_zip_entry_that_escapes_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "escape.zip", "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(SparringError, match=r"escape\.zip: entry '.*evil\.png' points outside"):
        open_source(str(tmp_path / "escape.zip"))


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(SparringError, match=r"x\.zip: entry 'link\.png' is a link"):
        open_source(str(tmp_path / "x.zip"))


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bytes(SMALL_ENTRY + 1))
    with pytest.raises(BrokenPicture, match=r"bomb\.png: unpacks from .* refused as a zip bomb"):
        open_source(str(tmp_path / "x.zip")).read(0)


def test_a_damaged_zip_is_named(tmp_path: Path, class_folders: Path, packed: Callable[..., Path]) -> None:
    path = packed(class_folders, tmp_path / "cut.zip")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SparringError, match=r"cut\.zip: not a complete zip archive"):
        open_source(str(path))


def test_a_damaged_entry_is_a_broken_picture(tmp_path: Path, save: Save) -> None:
    data = save(tmp_path / "a.png").read_bytes()
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.png", data)
    whole = bytearray((tmp_path / "x.zip").read_bytes())
    whole[whole.index(data) + 100] ^= 255
    (tmp_path / "x.zip").write_bytes(whole)
    with pytest.raises(BrokenPicture, match=r"a\.png: Bad CRC"):
        open_source(str(tmp_path / "x.zip")).read(0)


def test_each_process_opens_its_own_handle(
    class_folders: Path, packed: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_source(str(packed(class_folders, class_folders.parent / "x.zip")))
    assert isinstance(source, PictureSource) and isinstance(source.store, Archive)
    sent: PictureSource = pickle.loads(pickle.dumps(source))  # as to a spawned worker
    assert np.array_equal(sent.read(0), source.read(0))
    mine = source.store._handle
    source.read(0)
    assert source.store._handle is mine
    monkeypatch.setattr(os, "getpid", lambda: -1)  # as after a fork, where the file position would be shared
    source.read(0)
    assert source.store._handle is not mine


def test_a_zip_gives_the_pixels_of_the_folder(class_folders: Path, packed: Callable[..., Path]) -> None:
    folder = open_source(str(class_folders))
    archive = open_source(str(packed(class_folders, class_folders.parent / "x.zip")))
    assert all(np.array_equal(folder.read(i), archive.read(i)) for i in range(len(folder)))
