"""Files are there whole or not at all."""

from pathlib import Path

import pytest

from sparring import files
from sparring.errors import SparringError


def test_write_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write(path, "one")
    files.write(path, b"two")
    assert path.read_text() == "two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    files.write(path, "old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sparring.files.os.fsync", full)
    with pytest.raises(SparringError, match=r"cannot write .*a\.txt: No space left on device"):
        files.write(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SparringError, match="cannot write"):
        files.write(tmp_path / "nowhere" / "a.txt", "text")


def test_sha256(tmp_path: Path) -> None:
    files.write(tmp_path / "empty", b"")
    assert files.sha256(tmp_path / "empty").startswith("e3b0c44298fc1c14")
