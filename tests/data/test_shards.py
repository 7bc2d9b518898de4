"""WebDataset shards: samples in tars, read in place, in an order that is that of any other set."""

import itertools
import pickle
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from sparring.config import Data
from sparring.data import inspect, open_dataset
from sparring.data.batches import Labelled, Paired
from sparring.data.pairs import open_pairs
from sparring.data.recognise import absolute, open_source
from sparring.data.sources import BrokenPicture
from sparring.data.stream import Stream
from sparring.errors import SparringError, UsageError

Save = Callable[..., Path]
Tar = Callable[[str, Mapping[str, bytes]], Path]


def names(path: Path | str, split: str = "train") -> list[str]:
    source = open_source(str(path), split)
    return [source.name(row) for row in range(len(source))]


def test_samples_and_their_parts_by_the_names_of_tars(shards: Path) -> None:
    train, test = open_source(str(shards)), open_source(str(shards), "test")
    assert train.layout == "6 tars of samples: 3 classes by .cls, split 'train' of test, train"
    assert train.classes == ("0", "1", "2") and train.splits == test.splits == ("test", "train")
    assert train.labels is not None and train.labels.tolist() == [seed % 3 for seed in range(15)]
    assert train.name(6) == "train-0001.tar/000006.png" and test.name(6) == "test-0001.tar/000006.png"
    assert train.weight(6) > 700 and not np.array_equal(train.read(6), test.read(6))
    with pytest.raises(UsageError, match="no split 'val'"):
        open_source(str(shards), "val")


def test_parts_by_folders_and_tars_of_no_part(tar: Tar, png: Callable[[int], bytes]) -> None:
    for name in ("train/0.tar", "train/1.tar", "val/0.tar"):
        path = tar(name, {"a.png": png(0)})
    assert names(path.parents[1], "val") == ["val/0.tar/a.png"]
    tar("more.tar", {"a.png": png(0)})  # then no name says anything, as with a picture beside folders of parts
    assert len(names(path.parents[1])) == 4 and open_source(str(path.parents[1])).splits == ()


def test_braces_and_globs_name_tars(shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [f"train-000{row // 5}.tar/{row:06d}.png" for row in range(5, 15)]
    assert names(f"{shards}/train-{{0001..0002}}.tar") == names(f"{shards}/train-000[12].tar") == expected
    assert names(f"{shards}/te*-0002.tar") == [f"{row:06d}.png" for row in range(10, 15)]  # named, so to be trained on
    assert open_source(f"{shards}/{{train,test}}-0000.tar").splits == ("test", "train")
    with pytest.raises(UsageError, match=r"train-0003\.tar and 1 more of 5 tars not there"):
        open_source(f"{shards}/train-{{0000..0004}}.tar")
    with pytest.raises(UsageError, match="no tar has such a name"):
        open_source(f"{shards}/trian-*.tar")
    with pytest.raises(UsageError, match=r"more than 100,000 tars"):
        open_source("{0..9}{0..9999999}.tar")
    with pytest.raises(UsageError, match=r"https://a\.b/x-\{0\.\.2\}\.tar: pictures are read from disk: copy them"):
        open_source("https://a.b/x-{0..2}.tar")
    assert absolute("https://a.b/x-{0..2}.tar") == "https://a.b/x-{0..2}.tar"
    monkeypatch.chdir(shards)
    assert absolute("train-{0000..0002}.tar") == f"{shards}/train-{{0000..0002}}.tar"


@pytest.mark.parametrize(
    ("files", "classes", "labels"),
    [
        ({"a.cls": b"dog\n", "b.cls": b"cat"}, ("cat", "dog"), [1, 0]),
        ({"a.json": b'{"label": 2}', "b.json": b'{"label": 0}'}, ("0", "1", "2"), [2, 0]),
        ({"a.json": b'{"class": "x", "w": 5}', "b.json": b'{"class": "y"}'}, ("x", "y"), [0, 1]),
        ({"a.cls": b"1", "b.cls": b"0", "a.json": b'{"label": "no"}'}, ("0", "1"), [1, 0]),
        ({"a.json": b'{"width": 3}', "a.txt": b"a dog"}, (), None),
    ],
)
def test_labels(
    tar: Tar, png: Callable[[int], bytes], files: dict[str, bytes], classes: tuple[str, ...], labels: list[int] | None
) -> None:
    source = open_source(str(tar("x.tar", {"a.png": png(0), "b.png": png(1)} | files)))
    assert source.classes == classes
    assert (None if source.labels is None else source.labels.tolist()) == labels


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.cls": b"1"}, r"label None of 'b\.png' is not a class number"),
        ({"a.cls": b"1", "b.cls": b"x"}, r"label 'x' of 'b\.png' is not a class number"),
        ({"a.cls": b"1", "b.cls": b"-1"}, r"label -1 of 'b\.png' is out of range"),
        ({"a.cls": b"1", "b.cls": b"\xff"}, r"x\.tar: b\.cls: .*correct it"),
        ({"a.cls": b"1", "b.cls": b""}, r"x\.tar: b\.cls: is not one class"),
        ({"a.json": b'{"label": 1}', "b.json": b"{"}, r"b\.json: is not JSON that can be read"),
        ({"a.json": b'{"label": 1}', "b.json": b'{"label": [1, 0]}'}, r"b\.json: its label \[1, 0\] is neither"),
        ({"a.json": b'{"label": 1}', "b.json": b"[" * 100_000}, r"b\.json: is not JSON that can be read"),
    ],
)
def test_a_wrong_label_is_named(tar: Tar, png: Callable[[int], bytes], files: dict[str, bytes], said: str) -> None:
    path = tar("x.tar", {"a.png": png(0), "b.png": png(1)} | files)
    with pytest.raises(SparringError, match=said) as raised:
        open_source(str(path))
    assert "\n" not in str(raised.value)


def test_a_tar_of_class_folders_is_read_like_a_zip(tmp_path: Path, class_folders: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.add(class_folders, ".")  # so that names begin with ./
    packed, folder = open_source(str(tmp_path / "x.tar"), "test"), open_source(str(class_folders), "test")
    assert packed.layout == f"1 tar; {folder.layout}"
    assert packed.classes == folder.classes == ("cat", "dog") and packed.name(1) == folder.name(1) == "test/dog/8.png"
    with tarfile.open(tmp_path / "sides.tar", "w") as archive:
        archive.add(class_folders / "train/cat", "A")
        archive.add(class_folders / "train/cat", "B")
    assert len(open_pairs(Data(path=str(tmp_path / "sides.tar")), aligned=True)) == 2


def test_partners_lie_in_tars_of_the_same_name(tmp_path: Path, tar: Tar, png: Callable[[int], bytes]) -> None:
    for side, shard in (("in", 0), ("in", 1), ("out", 0), ("out", 1)):
        tar(f"{side}/{shard}.tar", {"a.png": png(shard), "b.png": png(shard + 2)})
    pairs = open_pairs(Data(path=str(tmp_path / "set/out"), inputs=str(tmp_path / "set/in")), aligned=True)
    batch = pairs.batch(np.arange(4))
    assert isinstance(batch, Paired) and torch.equal(batch.pictures, batch.inputs) and len(pairs) == 4


def test_the_order_is_that_of_the_same_pictures_in_a_folder(shards: Path, tmp_path: Path) -> None:
    for path in sorted(shards.glob("train-*.tar")):
        with tarfile.open(path) as archive:
            archive.extractall(tmp_path / "folder" / path.name, filter="data")
    folder = Stream(open_dataset(Data(path=str(tmp_path / "folder"))), 4, seed=3)
    pattern = f"{shards}/train-{{0000..0002}}.tar"
    memory = Stream(open_dataset(Data(path=pattern)), 4, seed=3)
    disk = Stream(open_dataset(Data(path=pattern, memory_gb=0, workers=2)), 4, seed=3)
    assert memory.dataset.source.layout == "3 tars of samples: 3 classes by .cls"
    for k, ahead in enumerate(itertools.islice(disk.starting(2), 6), 2):  # as a resumed run does
        expected = memory.batch(k)
        assert isinstance(expected, Labelled) and isinstance(ahead, Labelled)
        assert torch.equal(folder.batch(k).pictures, expected.pictures)
        assert torch.equal(ahead.pictures, expected.pictures) and torch.equal(ahead.labels, expected.labels)
        assert torch.equal(disk.batch(k).pictures, expected.pictures)


def test_the_order_is_that_in_the_tar(tar: Tar, png: Callable[[int], bytes]) -> None:
    path = tar("x.tar", {"b.png": png(0), "a.png": png(1), ".hidden.png": b"", "__MACOSX/a.png": b"", "a.txt": b""})
    assert names(path) == ["b.png", "a.png"]
    assert open_source(str(path)).layout.endswith("1 other files left alone")


def test_the_fingerprint_knows_names_sizes_and_labels(tar: Tar, png: Callable[[int], bytes]) -> None:
    def fingerprint(files: Mapping[str, bytes]) -> str:
        return open_dataset(Data(path=str(tar("x.tar", files)), memory_gb=0)).fingerprint

    files = {"a.png": png(0), "a.cls": b"0", "b.png": png(1), "b.cls": b"1"}
    assert fingerprint(files) == fingerprint(files)
    others = [files | {"b.cls": b"0"}, files | {"b.png": png(1) + b" "}, {**files, "c.png": png(2), "c.cls": b"1"}]
    assert len({fingerprint(one) for one in (files, *others)}) == 4


def test_a_folder_may_hold_other_files_beside_tars(shards: Path, save: Save) -> None:
    (shards / "train-0000.parquet").write_bytes(b"x")
    assert len(names(shards)) == 15
    save(shards / "preview.png")  # but pictures come first
    assert names(shards) == ["preview.png"]


@pytest.fixture
def bad(tar: Tar, png: Callable[[int], bytes]) -> Path:
    """Of six samples, three that are of no use."""
    files = {f"{name}.png": png(seed) for seed, name in enumerate("abcd")}
    files |= {"c.mask.png": png(8), "d.png": png(3)[:300]} | {f"{name}.cls": b"1" for name in "abcde"}
    return tar("x.tar", files | {"LICENSE": b"x", "README.txt": b"x"})


def test_bad_samples_are_named_or_left_out(bad: Path) -> None:
    with pytest.raises(SparringError, match=r"3 broken pictures: c\.png \(one sample with two pictures, c\.png and "):
        open_dataset(Data(path=str(bad)))
    for memory_gb in (4.0, 0.0):
        dataset = open_dataset(Data(path=str(bad), skip_bad=True, memory_gb=memory_gb))
        assert len(dataset) == 2 and "3 broken pictures left out: c.png, d.png, e.cls" in dataset.notes
    found = {finding.name: (finding.kind, finding.detail) for finding in inspect(str(bad)).findings if finding.fatal}
    assert found["e.cls"] == ("broken", "a label without a picture") and found["d.png"][0] == "truncated"
    assert set(found) == {"c.png", "d.png", "e.cls"}
    with pytest.raises(BrokenPicture, match="a label without a picture"):
        open_source(str(bad)).read(4)


def test_a_source_can_be_sent_to_a_worker(shards: Path) -> None:
    source = open_source(str(shards))
    assert np.array_equal(pickle.loads(pickle.dumps(source)).read(7), source.read(7))
