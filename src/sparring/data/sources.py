"""What a reader of one layout offers: so many pictures as they are stored, each with a name, perhaps with a label."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.errors import SparringError

MOST_CLASSES = 65536


class BrokenPicture(SparringError):
    """One picture cannot be read; the rest of its set may be fine.

    Attributes:
        name: the file or entry.
        reason: what is wrong with it, in a few words.
        truncated: whether the end of the file is missing.
    """

    def __init__(self, name: str, reason: str, truncated: bool = False) -> None:
        super().__init__(name, reason, truncated)
        self.name = name
        self.reason = reason
        self.truncated = truncated

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class BadLabels(SparringError):
    """The labels of a set do not fit its pictures."""


@dataclass(frozen=True)
class Header:
    """What is known of a picture before its pixels are decoded.

    Attributes:
        height: rows.
        width: columns.
        channels: 1 for grey, 3 for colour, any number for arrays and TIFF.
        bits: 8, 16, or 32 for points.
        mode: the decoder's name for it, such as `RGB`, `P` or `I;16`.
        transparent: whether it has transparency, which is laid on white.
        reduced: whether it holds 16 bits per colour of which the decoder keeps 8, as of CMYK.
    """

    height: int
    width: int
    channels: int
    bits: int
    mode: str
    transparent: bool = False
    reduced: bool = False


@dataclass(frozen=True)
class Table:
    """What somebody wrote down of each picture.

    Attributes:
        where: the file, for messages.
        columns: name -> one value a picture.
    """

    where: str
    columns: Mapping[str, Sequence[Any]]


@dataclass(kw_only=True)
class Source(ABC):
    """The pictures of one split of one set, as they are stored.

    Attributes:
        layout: one sentence: what was recognised and why.
        classes: the names of the classes; empty without labels.
        labels: [N], int64 in [0, len(classes)); None without labels.
        captions: one sentence a picture, where the set has them.
        table: what is written down of each picture, where the set has such a table; a column may name the classes.
        factors: what a rendered picture was made from: name -> [N] or [N, ...]; columns of names are what games may
            learn to control.
        splits: the parts that the set has; empty where it has none.
        suggested_size: (height, width) to enlarge to where the user asks for no size.
    """

    layout: str
    classes: tuple[str, ...] = ()
    labels: NDArray[np.int64] | None = None
    captions: tuple[str, ...] | None = None
    table: Table | None = None
    factors: Mapping[str, NDArray[Any]] | None = None
    splits: tuple[str, ...] = ()
    suggested_size: tuple[int, int] | None = None

    @property
    def making(self) -> str:
        """What is made of the files that are named; empty where they are the pictures."""
        return ""

    @abstractmethod
    def __len__(self) -> int:
        """The number of pictures, broken ones included."""

    @abstractmethod
    def name(self, index: int) -> str:
        """The file or entry of a picture, printable, for messages."""

    @abstractmethod
    def weight(self, index: int) -> int:
        """The bytes that a picture takes where it is stored."""

    @abstractmethod
    def look(self, index: int) -> Header:
        """The header of a picture.

        Raises:
            BrokenPicture: it cannot be read.
        """

    @abstractmethod
    def read(self, index: int) -> NDArray[Any]:
        """The pixels of a picture, HWC: uint8 or uint16, or float32 for points.

        Raises:
            BrokenPicture: it cannot be decoded.
        """


def printable(name: str) -> str:
    r"""A file name on one line of plain text, whatever bytes it was made of.

    >>> printable("a\nb")
    'a\\nb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def one_line(error: BaseException) -> str:
    r"""The message of a foreign error, on one line.

    >>> one_line(ValueError("no\n  good"))
    'no good'
    """
    return " ".join(str(error).split()) or type(error).__name__


def check_labels(labels: NDArray[Any], count: int, where: str) -> NDArray[np.int64]:
    """Labels as [N] int64, or an error that says what is wrong with them.

    Args:
        labels: [N] or [N, 1], whole numbers from 0.
        count: the number of pictures.
        where: the file, for the message.

    Raises:
        BadLabels: another number of labels than pictures, a fraction, or a number out of range.

    >>> check_labels(np.array([[2], [0]], np.uint8), 2, "labels.npy")
    array([2, 0])
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise BadLabels(
            f"{where}: labels are {labels.dtype} of shape {labels.shape}: one whole number a picture is needed"
        )
    if len(labels) != count:
        raise BadLabels(f"{where}: {len(labels)} labels for {count} pictures: each picture needs one")
    wrong = np.flatnonzero((labels < 0) | (labels >= MOST_CLASSES))
    if len(wrong):
        at = int(wrong[0])
        raise BadLabels(f"{where}: label {labels[at]} of picture {at} is out of range: classes count from 0")
    return labels.astype(np.int64)


def numbered(labels: NDArray[np.int64]) -> tuple[str, ...]:
    """Names for classes that have only numbers.

    >>> numbered(np.array([2, 0]))
    ('0', '1', '2')
    """
    return tuple(str(label) for label in range(int(labels.max(initial=-1)) + 1))
