"""What one item of a set is: its shape and how deep its numbers are. It travels into networks, models and cards."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Factor(BaseModel):
    """One thing that is known of every picture, such as its colour.

    Attributes:
        name: what it is.
        values: the names of its values in the order of their numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    values: tuple[str, ...]


class Map(BaseModel):
    """How a map of classes, a number in each pixel, lies in the channels of a batch: one for each class.

    Attributes:
        values: the number of each class, by channel, ascending.
        edges: whether one more channel says where instances end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    values: tuple[int, ...] = Field(min_length=2)
    edges: bool = False

    @property
    def channels(self) -> int:
        """In a batch."""
        return len(self.values) + self.edges


class Spec(BaseModel):
    """The shape of one picture (or, for the 2-D toys, of one point) and how it is stored.

    Attributes:
        channels: in a batch: 1 for grey, 3 for colour, any other number for arrays of measurements.
        height: rows; 1 for points.
        width: columns; 1 for points.
        bits: 8 or 16 per channel for pictures; 32 for points, which stay floating point.
        classes: the names of the classes in the order of their labels; empty without labels.
        inputs: for translation, the pictures that go in; absent where there are none.
        holes: whether the last channel says where the picture is there, and where it is to be filled in.
        factors: what else is known of every picture; of a set with labels alone, its class.
        map: of maps of classes, which channel is which class; absent of all other pictures.

    >>> Spec(channels=3, height=32, width=48).shape
    (3, 32, 48)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: int = Field(ge=1, le=1024)
    height: int = Field(ge=1, le=65536)
    width: int = Field(ge=1, le=65536)
    bits: Literal[8, 16, 32] = 8
    classes: tuple[str, ...] = ()
    factors: tuple[Factor, ...] = ()
    inputs: "Spec | None" = None
    map: Map | None = None
    holes: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width), as in a batch."""
        return self.channels, self.height, self.width

    @property
    def stored_channels(self) -> int:
        """In a file: a map has one, whatever it has in a batch."""
        return self.channels if self.map is None else 1

    @property
    def points(self) -> bool:
        """Whether the items are points of the plane, drawn as a scatter plot and not as pictures."""
        return self.bits == 32
