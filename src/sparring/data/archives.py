"""A zip as a store: read in place, never extracted; entries that lie about where or how large they are get refused."""

import os
import stat
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from sparring.data.sources import BrokenPicture, one_line, printable
from sparring.data.stores import Store, litter, points_outside
from sparring.errors import SparringError

LARGEST_ENTRY = 1 << 30
LARGEST_RATIO = 200
SMALL_ENTRY = 16 << 20  # a plain picture may shrink a thousandfold; below this size it does no harm


@dataclass
class Archive(Store):
    """The entries of a zip; every process opens its own handle."""

    _handle: zipfile.ZipFile | None = field(default=None, repr=False)
    _owner: int = 0

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handle": None}

    def open(self, name: str) -> BinaryIO:
        """A stream on one entry; the caller closes it.

        Raises:
            BrokenPicture: the entry unpacks to far more than it stores.
        """
        handle = self._opened()
        _refuse_bomb(handle.getinfo(name))
        return cast(BinaryIO, handle.open(name))

    def size(self, name: str) -> int:
        """The bytes of one entry, unpacked, as it declares them."""
        return self._opened().getinfo(name).file_size

    def _opened(self) -> zipfile.ZipFile:
        if self._handle is None or self._owner != os.getpid():  # after a fork the file position would be shared
            self._handle = zipfile.ZipFile(self.path)
            self._owner = os.getpid()
        return self._handle


def open_archive(path: Path) -> Archive:
    """The entries of the zip at `path`.

    Raises:
        SparringError: it is no zip, or an entry of it points outside of it.
    """
    try:
        handle = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise SparringError(f"{path}: not a complete zip archive ({one_line(error)}): copy it again") from error
    entries = handle.infolist()
    for entry in entries:
        _refuse_escape(entry, path)
    kept = [entry for entry in entries if not any(map(litter, entry.filename.rstrip("/").split("/")))]
    names = {entry.filename for entry in kept if not entry.is_dir()}
    holding = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    bare = {entry.filename.rstrip("/") for entry in kept if entry.is_dir()} - holding
    return Archive(path, sorted(names), handle, os.getpid(), bare=sorted(bare))


def _refuse_escape(entry: zipfile.ZipInfo, path: Path) -> None:
    if points_outside(entry.filename):
        raise SparringError(f"{path}: entry {printable(entry.filename)!r} points outside of the archive: refused")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise SparringError(f"{path}: entry {printable(entry.filename)!r} is a link: refused; pack the file itself")


def _refuse_bomb(entry: zipfile.ZipInfo) -> None:
    ratio = entry.file_size / max(entry.compress_size, 1)
    if entry.file_size > LARGEST_ENTRY or (entry.file_size > SMALL_ENTRY and ratio > LARGEST_RATIO):
        raise BrokenPicture(
            printable(entry.filename),
            f"unpacks from {entry.compress_size:,} to {entry.file_size:,} bytes: refused as a zip bomb",
        )
