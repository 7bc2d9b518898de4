"""Tars as a store, one or many: read in place, never extracted, by where each file starts."""

import glob
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os.path import commonpath
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from sparring.data.archives import LARGEST_ENTRY
from sparring.data.parallel import Announce, in_threads, silent
from sparring.data.sources import BrokenPicture, printable
from sparring.data.stores import Store
from sparring.data.tar_index import Index, index_of
from sparring.errors import SparringError, UsageError

ENDING = ".tar"
MOST = 100_000
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass
class Tars(Store):
    """The files in tars. Each is opened anew for each file in it, so that threads and processes share no position.

    Attributes:
        tars: where they are.
        shards: what each is called within the set; where there are many, the names of its files begin with it.
        rows: name -> its row in `places`.
        places: [N, 3], int64: which tar, where a file starts in it, and how many bytes it has.
        labels: the name of a `.cls` or `.json` file -> the class that it states; None where it states none.
        unclear: the name of such a file -> why nothing can be made of it.
        unusable: names of no file, each with the reason why there is none.
    """

    tars: Sequence[Path]
    shards: Sequence[str]
    rows: Mapping[str, int]
    places: NDArray[np.int64]
    labels: Mapping[str, int | str | None]
    unclear: Mapping[str, str]
    unusable: Mapping[str, str] = field(default_factory=dict)

    def open(self, name: str) -> BinaryIO:
        """A stream on one file, from its start; the caller closes it.

        Raises:
            BrokenPicture: it is known to be of no use.
        """
        if name in self.unusable:
            raise BrokenPicture(printable(name), self.unusable[name])
        tar, start, size = self.places[self.rows[name]].tolist()
        if size > LARGEST_ENTRY:
            raise BrokenPicture(printable(name), f"has {size:,} bytes: more than a picture ever has")
        return cast(BinaryIO, io.BufferedReader(_Part(self.tars[tar], start, size)))

    def size(self, name: str) -> int:
        """The bytes of one file."""
        return 0 if name in self.unusable else int(self.places[self.rows[name], 2])

    def shard(self, name: str) -> str:
        """What the tar is called in which a file lies."""
        return self.shards[int(self.places[self.rows[name], 0])]

    def inside(self, name: str) -> str:
        """What a file is called within its tar."""
        return name if len(self.tars) == 1 else name.removeprefix(f"{self.shard(name)}/")


class _Part(io.RawIOBase):
    """Some bytes of a file, as a file."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        self._file = path.open("rb", buffering=0)
        self._start, self._size, self._at = start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        wanted = min(len(buffer), max(0, self._size - self._at))
        self._file.seek(self._start + self._at)
        count = self._file.readinto(memoryview(buffer)[:wanted])
        self._at += count
        return count

    def readall(self) -> bytes:
        return self.read(max(0, self._size - self._at)) or b""

    def close(self) -> None:
        self._file.close()
        super().close()


def open_tars(path: Path, tars: Sequence[Path], announce: Announce = silent) -> Tars:
    """The files in all `tars`, in this order.

    Args:
        path: what the user called them.
        tars: at least one.
        announce: is told, in a line, how far it is: each tar is looked through once.

    Raises:
        SparringError: one is no tar, is cut short or damaged, or holds what is no file of its own.
    """
    root = Path(commonpath([tar.parent for tar in tars]))
    shards = [tar.relative_to(root).as_posix() for tar in tars]

    def look(number: int) -> Index | SparringError | OSError:
        try:
            return index_of(tars[number])
        except (SparringError, OSError) as error:
            return error

    rows: dict[str, int] = {}
    places: list[tuple[int, int, int]] = []
    labels: dict[str, int | str | None] = {}
    unclear: dict[str, str] = {}
    for number, index in enumerate(in_threads(look, len(tars), "looking through tars", announce, chunk=1)):
        if isinstance(index, Exception):
            raise index
        before = f"{shards[number]}/" if len(tars) > 1 else ""
        for name, place in index.places.items():
            rows[before + name] = len(places)
            places.append((number, *place))
        labels |= {before + name: label for name, label in index.labels.items()}
        unclear |= {before + name: why for name, why in index.unclear.items()}
    table = np.array(places, np.int64).reshape(-1, 3)
    return Tars(path, list(rows), tars, shards, rows, table, labels, unclear)


def is_pattern(path: str) -> bool:
    """Whether this stands for several tars.

    >>> is_pattern("train-{0000..0012}.tar"), is_pattern("shards/*.tar"), is_pattern("train.tar")
    (True, True, False)
    """
    return path.lower().endswith(ENDING) and (_BRACES.search(path) is not None or glob.has_magic(path))


def matching(pattern: str) -> list[Path]:
    """The tars that a pattern stands for, sorted.

    Raises:
        UsageError: there are none, or one that is named is not there.
    """
    named = [name for one in expanded(pattern) for name in _globbed(one)]
    if not named:
        raise UsageError(f"no data at {pattern!r}: no tar has such a name")
    missing = [name for name in named if not Path(name).is_file()]
    if missing:
        others = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
        raise UsageError(f"{pattern}: {missing[0]}{others} of {len(named):,} tars not there: copy, or name fewer")
    return [Path(name) for name in sorted(set(named))]


def _globbed(name: str) -> list[str]:
    return glob.glob(name, recursive=True) if glob.has_magic(name) else [name]  # noqa: PTH207, as given


def expanded(pattern: str) -> list[str]:
    """All names that braces stand for, as in a shell.

    Raises:
        UsageError: there are more than 100,000.

    >>> expanded("{train,test}-{08..10}.tar")
    ['train-08.tar', 'train-09.tar', 'train-10.tar', 'test-08.tar', 'test-09.tar', 'test-10.tar']
    """
    found = _BRACES.search(pattern)
    if found is None:
        return [pattern]
    before, after = pattern[: found.start()], pattern[found.end() :]
    names = [name for choice in _choices(found[1], pattern) for name in expanded(before + choice + after)]
    if len(names) > MOST:
        raise _too_many(pattern)
    return names


def _choices(inside: str, pattern: str) -> Iterator[str]:
    ends = re.fullmatch(r"(\d+)\.\.(\d+)", inside)
    if ends is None:
        return iter(inside.split(","))
    first, last = int(ends[1]), int(ends[2])
    width = max(map(len, ends.groups())) if any(end.startswith("0") for end in ends.groups()) else 0
    if abs(last - first) >= MOST:
        raise _too_many(pattern)
    return (f"{number:0{width}d}" for number in range(min(first, last), max(first, last) + 1))


def _too_many(pattern: str) -> SparringError:
    return UsageError(f"{pattern}: stands for more than {MOST:,} tars: name fewer")
