"""Tars: damaged, lying, hostile or large ones."""

import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sparring.config import Data
from sparring.data import open_dataset
from sparring.data.recognise import open_source
from sparring.errors import SparringError

Save = Callable[..., Path]
Tar = Callable[[str, Mapping[str, bytes]], Path]


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARRING_HOME", str(tmp_path / "store"))


def names(path: Path | str, split: str = "train") -> list[str]:
    source = open_source(str(path), split)
    return [source.name(row) for row in range(len(source))]


@pytest.mark.parametrize("left", [0.97, 0.6, 0.3])
def test_a_tar_that_was_cut_short_is_named(shards: Path, left: float) -> None:
    path = shards / "train-0001.tar"
    with tarfile.open(path) as archive:
        end = archive.getmembers()[-1].offset_data  # what follows is the last file, and blocks of nothing
    path.write_bytes(path.read_bytes()[: int(end * left) if left < 0.9 else end])
    with pytest.raises(SparringError, match=r"train-0001\.tar: not a complete tar \(.*copy it again"):
        open_source(str(shards))


def test_a_damaged_header_is_no_end(shards: Path) -> None:
    path = shards / "train-0001.tar"
    with tarfile.open(path) as archive:
        start = archive.getmembers()[4].offset
    data = bytearray(path.read_bytes())
    data[start + 3] ^= 255
    path.write_bytes(data)
    with pytest.raises(SparringError, match=rf"train-0001\.tar: not a complete tar \(.*{start:,} bytes in"):
        open_source(str(shards))


@pytest.mark.parametrize(("content", "said"), [(b"", "empty file"), (b"no tar " * 999, ""), (bytes(10240), "")])
def test_what_is_no_tar_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x.tar").write_bytes(content)
    expected = r"holds no pictures \(it is empty\)" if content == bytes(10240) else "not a complete tar"
    with pytest.raises(SparringError, match=rf"x\.tar: {expected}.*{said}"):
        open_source(str(tmp_path / "x.tar"))


def test_a_tar_of_something_else_and_a_compressed_one(tmp_path: Path, tar: Tar, png: Callable[[int], bytes]) -> None:
    with pytest.raises(SparringError, match=r"holds no pictures \(2 other files, such as 'a\.txt'\)"):
        open_source(str(tar("x.tar", {"a.txt": b"x", "a.json": b'{"label": 1}'})))
    with tarfile.open(tmp_path / "z.tar", "w:gz") as archive:
        archive.add(tar("y.tar", {"a.png": png(0)}), "a.png")
    with pytest.raises(SparringError, match="uncompress it"):
        open_source(str(tmp_path / "z.tar"))


@pytest.mark.parametrize("name", ["../evil.png", "/etc/evil.png", "a/../../evil.png", "C:/evil.png"])
def test_an_entry_that_escapes_is_refused(tar: Tar, name: str) -> None:
    with pytest.raises(SparringError, match=r"x\.tar: entry '.*evil\.png' points outside"):
        open_source(str(tar("x.tar", {name: b"x"})))


@pytest.mark.parametrize(
    ("kind", "said"),
    [(tarfile.SYMTYPE, "is a link"), (tarfile.LNKTYPE, "is a link"), (tarfile.CHRTYPE, "no plain"), (b"S", "")],
)
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes, said: str) -> None:
    member = tarfile.TarInfo("a.png")
    member.type, member.linkname = kind, "/etc/passwd"
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.addfile(member)
    with pytest.raises(SparringError, match=rf"x\.tar: .*{said}.*"):
        open_source(str(tmp_path / "x.tar"))


def test_sizes_that_lie_are_refused(tmp_path: Path, tar: Tar) -> None:
    data = bytearray(tar("x.tar", {"a.png": b"x", "b.png": b"y"}).read_bytes())
    for size in (b"\xff" * 12, b"\x80" + b"\xff" * 11, b"77777777777\0"):
        header = data[:124] + size + data[136:512]
        header[148:156] = b" " * 8
        header[148:156] = f"{sum(header):06o}\0 ".encode()
        (tmp_path / "x.tar").write_bytes(header + data[512:])
        with pytest.raises(SparringError, match="not a complete tar"):
            open_source(str(tmp_path / "x.tar"))


def test_the_index_of_large_tars_is_remembered_until_they_change(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tar: Tar, png: Callable[[int], bytes]
) -> None:
    assert len(names(shards)) == 15 and not (tmp_path / "store").exists()  # small ones are not
    monkeypatch.setattr("sparring.data.tar_index.REMEMBERED", 0)
    labels = open_source(str(shards)).labels
    kept = sorted((tmp_path / "store/tars").glob("*.json"))
    assert len(kept) == 6 and "stamp" in json.loads(kept[0].read_text())
    with monkeypatch.context() as patched:
        patched.setattr("sparring.data.tar_index._scanned", lambda _: pytest.fail("was looked through again"))
        again = open_source(str(shards))
        assert again.labels is not None and labels is not None and again.labels.tolist() == labels.tolist()
    for place in kept:
        place.write_text('{"stamp": 5}')  # whatever lies there must not matter
    assert len(names(shards)) == 15
    tar("train-0002.tar", {"x.png": png(0), "x.cls": b"1"})
    assert names(shards)[-2:] == ["train-0001.tar/000009.png", "train-0002.tar/x.png"]


def test_a_long_look_is_announced(shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparring.data.parallel._SECONDS_BETWEEN", -1)
    said: list[str] = []
    open_dataset(Data(path=str(shards)), said.append)
    assert "looking through tars: 3 of 6" in said
