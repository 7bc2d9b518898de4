"""Sources that show part of another one: half of each picture, or some of the pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from sparring.data.sources import BrokenPicture, Header, Source


@dataclass(kw_only=True)
class Half(Source):
    """The left or right half of each picture.

    Attributes:
        of: whole ones.
        right: which half.
    """

    of: Source
    right: bool

    @property
    def making(self) -> str:
        """Which half."""
        return f"{'right' if self.right else 'left'} half{self.of.making}"

    def __len__(self) -> int:
        return len(self.of)

    def name(self, index: int) -> str:
        """The file of the whole picture."""
        return self.of.name(index)

    def weight(self, index: int) -> int:
        """The bytes of the whole picture."""
        return self.of.weight(index)

    def look(self, index: int) -> Header:
        """The header of the half."""
        header = self.of.look(index)
        if header.width % 2:
            raise BrokenPicture(self.name(index), f"{header.width} pixels wide: not two pictures side by side")
        return replace(header, width=header.width // 2)

    def read(self, index: int) -> NDArray[Any]:
        """The pixels of the half, HWC."""
        pixels = self.of.read(index)
        middle = pixels.shape[1] // 2
        return pixels[:, middle:] if self.right else pixels[:, :middle]


@dataclass(kw_only=True)
class Picked(Source):
    """Some pictures of another source.

    Attributes:
        of: all of them.
        rows: which ones, in order.
    """

    of: Source
    rows: Sequence[int]

    @property
    def making(self) -> str:
        """What all of them are."""
        return self.of.making

    def __len__(self) -> int:
        return len(self.rows)

    def name(self, index: int) -> str:
        """The file of a picture."""
        return self.of.name(self.rows[index])

    def weight(self, index: int) -> int:
        """Its bytes."""
        return self.of.weight(self.rows[index])

    def look(self, index: int) -> Header:
        """Its header."""
        return self.of.look(self.rows[index])

    def read(self, index: int) -> NDArray[Any]:
        """Its pixels, HWC."""
        return self.of.read(self.rows[index])


def half(source: Source, right: bool) -> Half:
    """The left or right halves of all pictures."""
    side = "right" if right else "left"
    return Half(layout=f"{side} half; {source.layout}", of=source, right=right, splits=source.splits)


def picked(source: Source, rows: Sequence[int]) -> Source:
    """Some pictures, in an order."""
    if list(rows) == list(range(len(source))):
        return source
    return Picked(layout=source.layout, splits=source.splits, of=source, rows=rows)
