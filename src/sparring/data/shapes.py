"""Rendered pictures whose every factor is known: a shape, its colour, size, place, and whether it is filled."""

from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sparring.data.sources import Header, Source
from sparring.data.synthetic import SEEDS, seed_of

SHAPES = ("circle", "square", "star", "triangle")
COLOURS = {
    "red": (214, 40, 40),
    "orange": (244, 140, 6),
    "green": (56, 142, 60),
    "blue": (33, 90, 200),
    "purple": (123, 44, 191),
    "grey": (90, 96, 104),
}
RADII = {"small": 0.16, "large": 0.27}  # of the shorter side
PLACES = {
    "in the middle": (0.5, 0.5),
    "on the left": (0.3, 0.5),
    "on the right": (0.7, 0.5),
    "at the top": (0.5, 0.3),
    "at the bottom": (0.5, 0.7),
}
REPEATS = 8
Style = Literal["plain", "night"]
_FINE = 4  # samples per pixel and axis


@dataclass(frozen=True)
class Factors:
    """What one picture is made from.

    Attributes:
        shape: an index into `SHAPES`.
        colour: red, green, blue in [0, 255].
        radius: in units of the shorter side.
        x: the centre, 0 left to 1 right.
        y: the centre, 0 top to 1 bottom.
        filled: filled, or an outline only.
    """

    shape: int
    colour: tuple[int, int, int]
    radius: float
    x: float
    y: float
    filled: bool


def render(factors: Factors, height: int, width: int, style: Style = "plain") -> NDArray[np.uint8]:
    """One picture, HWC, uint8: `plain` is the coloured shape on white, `night` a glowing one on dark blue.

    The outline of a filled shape is `render(dataclasses.replace(factors, filled=False), ...)`: the same place, aligned.

    >>> render(Factors(0, (255, 0, 0), 0.3, 0.5, 0.5, True), 32, 32)[16, 16]
    array([255,   0,   0], dtype=uint8)
    """
    short = min(height, width)
    rows = _span(factors.y * height, factors.radius * short, height)
    columns = _span(factors.x * width, factors.radius * short, width)
    y = (_samples(rows) - factors.y * height)[:, None] / short
    x = (_samples(columns) - factors.x * width)[None, :] / short
    distance = _distance(factors, x, y)
    inside = distance < 0
    if not factors.filled:
        inside &= distance > -max(0.05, 1.5 / short)
    cover = np.zeros((height, width, 1))
    cover[rows, columns, 0] = inside.reshape(len(y) // _FINE, _FINE, -1, _FINE).mean((1, 3))
    front = np.array(factors.colour, np.float64)
    back = np.full(3, 255.0)
    if style == "night":
        front, back = 128 + front / 2, np.array([12.0, 16.0, 48.0])
    picture: NDArray[np.uint8] = np.rint(cover * front + (1 - cover) * back).astype(np.uint8)
    return picture


def _span(centre: float, radius: float, length: int) -> slice:
    """The pixels of one axis that a shape can reach."""
    return slice(max(0, int(centre - 1.2 * radius)), min(length, int(centre + 1.2 * radius) + 2))


def _samples(pixels: slice) -> NDArray[np.float64]:
    """The places of the samples within a span of pixels, in pixels."""
    return (np.arange(pixels.start * _FINE, pixels.stop * _FINE) + 0.5) / _FINE


def _distance(factors: Factors, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signed distance (negative inside) of every sample to the edge, in units of the shorter side; the centre is 0."""
    if SHAPES[factors.shape] == "circle":
        return np.asarray(np.sqrt(x * x + y * y) - factors.radius)
    if SHAPES[factors.shape] == "square":
        return np.asarray(np.maximum(np.abs(x), np.abs(y)) - factors.radius * 0.88)
    return _polygon(x, y, _corners(SHAPES[factors.shape], factors.radius))


def _corners(shape: str, radius: float) -> NDArray[np.float64]:
    count = 10 if shape == "star" else 3
    angle = np.arange(count) * (2 * np.pi / count) - np.pi / 2
    reach = np.where(np.arange(count) % 2 == 1, 0.45, 1.1) if shape == "star" else np.full(count, 1.1)
    return np.stack([np.cos(angle), np.sin(angle)], 1) * (radius * reach)[:, None]


def _polygon(x: NDArray[Any], y: NDArray[Any], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    nearest = np.full(np.broadcast_shapes(x.shape, y.shape), np.inf)
    inside = np.zeros(nearest.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, 0), strict=True):
        ex, ey = bx - ax, by - ay
        along = np.clip(((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey), 0, 1)
        nearest = np.minimum(nearest, (x - ax - along * ex) ** 2 + (y - ay - along * ey) ** 2)
        if ay != by:  # even-odd rule: count the edges to the right of a sample
            inside ^= ((y < ay) != (y < by)) & (x < ax + (y - ay) * ex / ey)
    return np.asarray(np.where(inside, -np.sqrt(nearest), np.sqrt(nearest)))


def open_shapes(split: str, size: tuple[int, int] | None) -> Source:
    """All combinations of the factors, eight times with other places nearby: 3,840 pictures of `size`, or of 32x32.

    Raises:
        UsageError: the split is neither `train` nor `test`.
    """
    height, width = size or (32, 32)
    generator = np.random.default_rng([seed_of(split, "shapes"), 4])
    combinations = list(product(range(len(SHAPES)), COLOURS, RADII, PLACES, (True, False))) * REPEATS
    shift = generator.uniform(-0.03, 0.03, (len(combinations), 2))
    made = [
        Factors(shape, COLOURS[colour], RADII[size_], PLACES[place][0] + dx, PLACES[place][1] + dy, filled)
        for (shape, colour, size_, place, filled), (dx, dy) in zip(combinations, shift.tolist(), strict=True)
    ]
    return Rendered(
        layout=f"embedded set 'shapes': {len(made)} rendered pictures of {width}x{height}, classes, captions, factors",
        classes=SHAPES,
        labels=np.array([factors.shape for factors in made], np.int64),
        captions=tuple(_caption(*combination) for combination in combinations),
        factors=_table(combinations, made),
        splits=tuple(SEEDS),
        made=made,
        size=(height, width),
    )


@dataclass(kw_only=True)
class Rendered(Source):
    """Pictures that are rendered when they are read.

    Attributes:
        made: what each is made from.
        size: (height, width).
    """

    made: list[Factors]
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.made)

    def name(self, index: int) -> str:
        """Its number."""
        return f"shapes[{index}]"

    def weight(self, index: int) -> int:
        """The bytes of its pixels."""
        return 3 * self.size[0] * self.size[1]

    def look(self, index: int) -> Header:
        """The header that all share."""
        return Header(*self.size, channels=3, bits=8, mode="uint8")

    def read(self, index: int) -> NDArray[np.uint8]:
        """Its pixels, HWC."""
        return render(self.made[index], *self.size)


def _caption(shape: int, colour: str, size: str, place: str, filled: bool) -> str:
    """A sentence such as `a small red circle on the left`, `the outline of a large blue star at the top`."""
    thing = f"a {size} {colour} {SHAPES[shape]} {place}"
    return thing if filled else f"the outline of {thing}"


def _table(combinations: list[tuple[int, str, str, str, bool]], made: list[Factors]) -> dict[str, NDArray[Any]]:
    named = [
        (SHAPES[shape], colour, size, place, "filled" if filled else "outline")
        for shape, colour, size, place, filled in combinations
    ]
    names = ("shape", "colour", "size", "place", "fill")
    columns = dict(zip(names, map(np.array, zip(*named, strict=True)), strict=True))
    return {**columns, "x": np.array([f.x for f in made]), "y": np.array([f.y for f in made])}
