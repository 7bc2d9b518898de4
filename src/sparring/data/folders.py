"""Pictures in a flat folder or in class folders, perhaps under `train`, `val`, `test`; on disk or in an archive."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sparring.data import npy, pictures
from sparring.data.sources import BrokenPicture, Header, Source, printable
from sparring.data.stores import Store, is_picture
from sparring.errors import SparringError, UsageError, did_you_mean

Part = TypeVar("Part")

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


@dataclass(kw_only=True)
class PictureSource(Source):
    """Picture files, one a picture.

    Attributes:
        store: the folder or zip.
        files: the names in it.
        numbers: whether they are maps of classes, of which the numbers count and not the colours of a palette.
    """

    store: Store
    files: Sequence[str]
    numbers: bool = False

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        """The file of a picture, relative to the set."""
        return printable(self.files[index])

    def weight(self, index: int) -> int:
        """The bytes of the file; 0 where it is not there."""
        try:
            return self.store.size(self.files[index])
        except KeyError:
            return 0

    def look(self, index: int) -> Header:
        """The header of a picture."""
        with self._named(index), self.store.open(self.files[index]) as stream:
            return pictures.look(stream, self.numbers)

    def read(self, index: int) -> NDArray[Any]:
        """The pixels of a picture, HWC, uint8 or uint16."""
        with self._named(index):
            return pictures.decode(BytesIO(self.store.read(self.files[index])), self.numbers)

    @contextmanager
    def _named(self, index: int) -> Iterator[None]:
        try:
            yield
        except BrokenPicture:
            raise
        except KeyError as error:
            raise BrokenPicture(self.name(index), "the file is not there") from error
        except Exception as error:  # decoders of foreign bytes raise whatever they like; none may stop the whole set
            raise BrokenPicture(self.name(index), *pictures.explain(error)) from error


def open_pictures(store: Store, split: str) -> PictureSource:
    """The pictures of a folder or zip, with a class for each where they lie in class folders.

    Raises:
        SparringError: there are none.
        UsageError: the set has no such split.
    """
    files = [name for name in store.names if is_picture(name)] or npy.pictures_among(store)
    if not files:
        raise SparringError(
            f"{store.path}: holds no pictures ({_instead(store)}): name a folder or zip of PNG or JPEG files"
        )
    return arranged(store, files, files, split)


def arranged(store: Store, files: Sequence[str], places: Sequence[str], split: str) -> PictureSource:
    """Pictures by where they lie.

    Args:
        store: the folder or archive.
        files: the names of all pictures, of all splits.
        places: for each, the name that says in which split and class folder it lies.
        split: the part that is wanted.

    Raises:
        UsageError: the set has no such split.
    """
    start = len(wrapper(places))
    parts = _parts(files, places, start)
    within = [place[start:].partition("/")[2] if parts else place[start:] for place in places]
    inner = dict(zip(files, within, strict=True))
    classes = _classes(within)  # of all splits, so that a class has the same number in each
    chosen = choose(parts, split, str(store.path)) if parts else whole(list(files), split, str(store.path))
    return PictureSource(
        layout=_sentence(classes, within) + of_split(tuple(parts), split) + left_alone(store, len(files)),
        classes=classes,
        labels=_labels([inner[name] for name in chosen], classes) if classes else None,
        splits=tuple(parts),
        store=store,
        files=chosen,
    )


def wrapper(files: Sequence[str]) -> str:
    """The folders that everything lies in, which therefore mean nothing; the name of a split does.

    >>> wrapper(["set/train/a.png", "set/train/b.png"])
    'set/'
    """
    start = ""
    while True:
        heads = {name[len(start) :].partition("/")[:2] for name in files}
        (head, slash) = next(iter(heads))
        if len(heads) != 1 or not slash or head.lower() in SPLITS:
            return start
        start += head + "/"


def choose(parts: Mapping[str, Part], split: str, where: str) -> Part:
    """What there is for one split.

    Raises:
        UsageError: there is no such split; the message names the nearest one.
    """
    split = SPLITS.get(split.lower(), split)
    if split not in parts:
        raise UsageError(f"{where}: has no split {split!r}: {did_you_mean(split, parts)} (data.split)")
    return parts[split]


def whole(files: list[str], split: str, where: str) -> list[str]:
    """All files of a set without splits, which is a set to train on.

    Raises:
        UsageError: another split than `train` was asked for.
    """
    if split != "train":
        raise UsageError(f"{where}: is not divided into splits, so there is no {split!r}: leave data.split out")
    return files


def _parts(files: Sequence[str], places: Sequence[str], start: int) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for name, place in zip(files, places, strict=True):
        head, slash, _ = place[start:].partition("/")
        if not slash or head.lower() not in SPLITS:
            return {}
        parts.setdefault(SPLITS[head.lower()], []).append(name)
    return parts


def _classes(inner: Sequence[str]) -> tuple[str, ...]:
    heads = {name.partition("/")[:2] for name in inner}
    if len(heads) < 2 or not all(slash for _, slash in heads):
        return ()
    return tuple(sorted(head for head, _ in heads))


def _labels(inner: Sequence[str], classes: tuple[str, ...]) -> NDArray[np.int64]:
    number = {name: label for label, name in enumerate(classes)}
    return np.array([number[name.partition("/")[0]] for name in inner], np.int64)


def _sentence(classes: tuple[str, ...], inner: Sequence[str]) -> str:
    stray = next((name for name in inner if "/" not in name), None)
    kind = f"class folders: {len(classes)} classes" if classes else "flat folder: pictures without labels"
    if not classes and stray is not None and any("/" in name for name in inner):
        kind += f", since {printable(stray)!r} lies in no folder"
    return kind


def of_split(splits: Sequence[str], split: str) -> str:
    """Which part it is, as words in a sentence.

    >>> of_split(("test", "train"), "training")
    ", split 'train' of test, train"
    """
    return f", split {SPLITS.get(split.lower(), split)!r} of {', '.join(splits)}" if splits else ""


def left_alone(store: Store, used: int) -> str:
    """What else is there, as words in a sentence: files, and empty folders, which may be classes yet to be filled."""
    other = len(store.names) - used
    bare = ", ".join(map(printable, store.bare[:5])) + (", ..." if len(store.bare) > 5 else "")
    return (f"; {other} other files left alone" if other else "") + (f"; nothing lies in {bare}" if bare else "")


def _instead(store: Store) -> str:
    if not store.names:
        return "it is empty"
    return f"{len(store.names)} other files, such as {printable(store.names[0])!r}"
