"""IDX files, plain or gzipped, as MNIST and its relatives are published."""

import gzip
import math
import re
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from sparring.data.arrays import ArraySource, from_arrays
from sparring.data.folders import choose, whole
from sparring.data.sources import BadLabels
from sparring.data.stores import Folder, base
from sparring.errors import SparringError, UsageError

LARGEST_RATIO_OF_GZIP = 1100
_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_NAME = re.compile(r"(?P<set>.*?)[-._]?(?P<kind>images|labels)[-._]idx\d[-._]ubyte(\.gz)?$")
_PARTS = {"train": "train", "t10k": "test", "test": "test", "val": "val"}
_CLOTHES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


def find_idx(store: Folder, split: str) -> ArraySource | None:
    """The IDX pictures of a folder, with their labels; None where there are none.

    Raises:
        SparringError: a file is damaged, or the labels do not match.
        UsageError: no such split, or several sets in one folder.
    """
    images, labels = _named(store, "images"), _named(store, "labels")
    for part_, names in images.items():
        if len(names) > 1:
            raise UsageError(
                f"{store.path}: several sets of IDX files lie here: name one, such as {store.path / names[0]}"
            )
        if part_ == "" and len(images) > 1:
            raise UsageError(f"{store.path}: {names[0]} says not of which split it is: name one file")
    if not images:
        return None
    if "" in images:
        whole([], split, str(store.path))
    which = "" if "" in images else choose({part_: part_ for part_ in images}, split, str(store.path))
    label = next((store.path / name for name in labels.get(which, [])), None)
    return _source(store.path / images[which][0], label, tuple(filter(None, images)))


def _named(store: Folder, kind: str) -> dict[str, list[str]]:
    """Split -> the files of a kind, a gzipped twin of a plain one left out."""
    names: dict[str, list[str]] = {}
    for name in store.names:
        match = _NAME.fullmatch(base(name))
        if match and match["kind"] == kind and name.removesuffix(".gz") not in names.get(part(match["set"]), []):
            names.setdefault(part(match["set"]), []).append(name)
    return names


def open_idx_file(path: Path) -> ArraySource:
    """The pictures of one IDX file, and the labels of the file beside it that is named alike.

    Raises:
        SparringError: the file is damaged, or its labels do not match.
    """
    twin = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    return _source(path, twin if twin != path and twin.is_file() else None, ())


def is_idx(path: Path) -> bool:
    """Whether a file starts like IDX, plain or gzipped."""
    try:
        with _open(path) as stream:
            head = stream.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in _TYPES and 1 <= head[3] <= 4


def read_idx(path: Path) -> NDArray[Any]:
    """The array of an IDX file, in its own type and shape.

    Raises:
        SparringError: the file is damaged: shorter or longer than its header says.
    """
    try:
        with _open(path) as stream:
            head = stream.read(4)
            if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES:
                raise SparringError(f"{path}: not an IDX file: its first bytes are {head.hex(' ')}")
            shape = tuple(int(n) for n in np.frombuffer(stream.read(4 * head[3]), ">u4"))
            kind = np.dtype(_TYPES[head[2]])
            needed = kind.itemsize * math.prod(shape)
            if needed > LARGEST_RATIO_OF_GZIP * path.stat().st_size:
                raise SparringError(
                    f"{path}: its header promises {needed:,} bytes, more than it can hold: copy it again"
                )
            data = stream.read(needed + 1)  # one more, to see whether the file ends there
    except (OSError, EOFError, zlib.error) as error:
        raise SparringError(f"{path}: cannot be read to its end ({error}): copy it again") from error
    if len(shape) != head[3] or len(data) != needed:
        how = "more" if len(data) > needed else f"{len(data):,}"
        raise SparringError(f"{path}: {how} bytes where its header promises {needed:,}: copy it again")
    return np.frombuffer(data, kind).reshape(shape)


def part(name: str) -> str:
    """The split that an IDX file's prefix stands for; '' for none.

    >>> part("train"), part("t10k"), part("emnist-letters-test"), part("")
    ('train', 'test', 'test', '')
    """
    return next((split for word, split in _PARTS.items() if word in name), "")


def _source(images: Path, labels: Path | None, splits: tuple[str, ...]) -> ArraySource:
    array = read_idx(images)
    if array.ndim == 1:
        raise SparringError(f"{images}: holds labels, not pictures: name the images file")
    source = from_arrays(array, None if labels is None else _labels(labels, len(array)), str(images), "IDX", splits)
    if len(source.classes) == 10 and any("fashion" in part for part in images.parts):
        source.classes = _CLOTHES
    return source


def _labels(path: Path, count: int) -> NDArray[Any]:
    labels = read_idx(path)
    if len(labels) != count:
        raise BadLabels(f"{path}: {len(labels)} labels for {count} pictures: each picture needs one")
    return labels


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path)) if zipped else path.open("rb")
