"""Disks that fill up, files that are damaged, and a look at a run's folder before every change that is made to it."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest

from sparring.runs import checkpoint


def cut(path: Path) -> None:
    """As a disk does that lost the rest."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    """One bit of one byte in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    """Its name is left."""
    path.write_bytes(b"")


DAMAGES = (cut, flip, empty, Path.unlink)


class Full(io.BufferedIOBase):
    """A file on a disk on which there is room for half of what is written."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def write(self, content: Any) -> int:
        self.file.write(content[: len(content) // 2])
        raise OSError(ENOSPC, "No space left on device")

    def tell(self) -> int:
        return int(self.file.tell())

    def seek(self, *where: int) -> int:
        return int(self.file.seek(*where))

    def read(self, size: int | None = -1) -> bytes:
        return bytes(self.file.read(size))

    def close(self) -> None:
        self.file.close()
        super().close()


@contextmanager
def full_disk(begins: Callable[[Path], bool]) -> Iterator[None]:
    """From the first file for which `begins` is true, nothing can be written any more."""
    usual = Path.open
    full = False

    def limited(path: Path, mode: str = "r", *more: Any, **options: Any) -> Any:
        nonlocal full
        file = usual(path, mode, *more, **options)
        full = full or ("r" not in mode and begins(path))
        return Full(file) if full and "r" not in mode else file

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", limited)
        yield


Watcher = Callable[[], None]
_watchers: list[Watcher] = []
CHANGES = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"}


def _before_a_change(event: str, arguments: Any) -> None:
    if _watchers and event in CHANGES:
        watchers = _watchers[:]
        _watchers.clear()  # what these read is no change
        try:
            for watcher in watchers:
                watcher()
        finally:
            _watchers.extend(watchers)


sys.addaudithook(_before_a_change)


@contextmanager
def before_every_change(watcher: Watcher) -> Iterator[None]:
    """Call it before each call of the system by which files come, go and change names: a kill may come there."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def assert_pointers_hold(run: Path) -> None:
    """`latest.json` and `best.json`, where there are any, point to whole checkpoints, and a newest one is whole."""
    for name in ("latest.json", "best.json"):
        if (run / name).exists():
            checkpoint.check(run / "checkpoints" / json.loads((run / name).read_text())["checkpoint"])
    newest = checkpoint.latest(run / "checkpoints")
    if newest is not None:
        checkpoint.check(newest)


def fingerprint(run: Path) -> list[str]:
    """Names of all that is there, by which two moments are told apart."""
    return sorted(os.path.relpath(path, run) for path in run.rglob("*"))
