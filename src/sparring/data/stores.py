"""Where files lie: a folder here, a zip in archives.py, tars in tars.py; a layout is read from each in the same way."""

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sparring.errors import SparringError

PICTURES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".tif", ".tiff"),
    *(".webp", ".avif", ".jp2", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".ico"),
)
_LITTER = {"__macosx", "thumbs.db", "desktop.ini"}


@dataclass
class Store(ABC):
    """Files by name.

    Attributes:
        path: the folder or the archive.
        names: the files, sorted (of tars, in the order in which they lie there), relative to `path`, with `/` between
            folders; hidden ones left out.
        bare: folders in which there is no file, likewise.
    """

    path: Path
    names: list[str]
    bare: list[str] = field(default_factory=list, kw_only=True)

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """A stream on one file, from its start; the caller closes it."""

    @abstractmethod
    def size(self, name: str) -> int:
        """The bytes of one file as it is stored."""

    def read(self, name: str) -> bytes:
        """The whole of one file."""
        with self.open(name) as stream:
            return stream.read()


@dataclass
class Folder(Store):
    """The files under a folder; links are followed, loops of links are not."""

    def open(self, name: str) -> BinaryIO:
        """A stream on one file, from its start; the caller closes it."""
        return (self.path / name).open("rb")

    def size(self, name: str) -> int:
        """The bytes of one file; 0 where it is not there."""
        try:
            return (self.path / name).stat().st_size
        except OSError:
            return 0


def open_folder(path: Path) -> Folder:
    """The files under `path`, recursively.

    Raises:
        SparringError: a folder in it cannot be listed.
    """
    try:
        found = sorted(_walk(path, "", set()))
    except OSError as error:
        raise SparringError(f"{error.filename or path}: {error.strerror}: check who may read this folder") from error
    names = [name for name in found if not name.endswith("/")]
    return Folder(path, names, bare=[name.removesuffix("/") for name in found if name.endswith("/")])


def _walk(folder: Path, prefix: str, seen: set[tuple[int, int]]) -> Iterator[str]:
    """The names of files, and those of folders that hold nothing, which end in `/`."""
    at = folder.stat()
    if (at.st_dev, at.st_ino) in seen:  # a link back up, or a second link to the same folder
        return
    seen.add((at.st_dev, at.st_ino))
    with os.scandir(folder) as entries:
        known = sorted((entry for entry in entries if not litter(entry.name)), key=lambda entry: entry.name)
        if prefix and not known:
            yield prefix
        for entry in known:
            if _is_folder(entry):
                yield from _walk(folder / entry.name, f"{prefix}{entry.name}/", seen)
            elif entry.is_symlink() or entry.is_file():  # a dangling link is a broken file; a pipe or socket is none
                yield prefix + entry.name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def litter(part: str) -> bool:
    """Whether a file or folder is one of those that systems leave behind.

    >>> litter(".DS_Store"), litter("__MACOSX"), litter("a.png")
    (True, True, False)
    """
    return part.startswith(".") or part.lower() in _LITTER


def is_picture(name: str) -> bool:
    """Whether a name ends like a picture's.

    >>> is_picture("a/b.JPG"), is_picture("a/b.txt")
    (True, False)
    """
    return name.lower().endswith(PICTURES)


def may_be_picture(name: str) -> bool:
    """Whether a file is a picture, or an array, which may be one.

    >>> may_be_picture("a/b.npy"), may_be_picture("a/b.npz")
    (True, False)
    """
    return is_picture(name) or name.lower().endswith(".npy")


def points_outside(name: str) -> bool:
    """Whether an entry of an archive claims a place outside of it.

    >>> points_outside("/etc/passwd"), points_outside("a/../../b"), points_outside("C:/b"), points_outside("a..b/c")
    (True, True, True, False)
    """
    name = name.replace("\\", "/")
    return name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:/", name) is not None


def base(name: str) -> str:
    """The last part of a name in a store.

    >>> base("a/b/c.png")
    'c.png'
    """
    return name.rpartition("/")[2]
