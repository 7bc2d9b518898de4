"""Sources made from pictures themselves, so that any folder of pictures is a task: edges, grey, less detail, holes.

Each takes one stored picture, [C, H, W] of uint8 or uint16, and its number in the set, from which everything random is
drawn: a picture always has the same hole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sparring.data.prepare import with_channels
from sparring.errors import UsageError, did_you_mean
from sparring.seeds import mix

Kind = Literal["edges", "grey", "downscale", "mask", "blur", "noise"]
Pixels = NDArray[Any]

_USUAL: dict[Kind, float] = {"edges": 1.0, "grey": 0.0, "downscale": 4.0, "mask": 0.25, "blur": 2.0, "noise": 25.0}
_SPELT = {"gray": "grey"}
STRONG, WEAK = 0.12, 0.05
"""Slopes, as shares of the range a pixel, at which an edge begins, and down to which it is followed."""


@dataclass(frozen=True)
class Derivation:
    """How the source of a picture is made from it.

    Attributes:
        kind: `edges`: black lines on white, 1 channel (the Canny detector, its smoothing in pixels); `grey`;
            `downscale`: so many times fewer pixels a side, enlarged again; `mask`: a rectangle of that share of the
            picture is grey, and a further channel says where (black); `blur`: Gaussian, its deviation in pixels;
            `noise`: Gaussian, its deviation in 1/255 of the range.
        strength: the number that the kind has.

    >>> parse("downscale:4")(np.zeros((3, 8, 8), np.uint8), 0).shape
    (3, 8, 8)
    """

    kind: Kind
    strength: float

    def __call__(self, picture: Pixels, number: int) -> Pixels:
        """[C, H, W], of the same type as `picture`."""
        return _MAKERS[self.kind](picture, self.strength, number)

    def channels(self, channels: int) -> int:
        """Of the source of a picture of so many channels."""
        return {"edges": 1, "grey": 1, "mask": channels + 1}.get(self.kind, channels)


def parse(text: str) -> Derivation | None:
    """What `edges`, `downscale:4` and so on mean; None where it is no derivation.

    Raises:
        UsageError: it is one, with a number that it cannot have.

    >>> parse("blur"), parse("line")
    (Derivation(kind='blur', strength=2.0), None)
    """
    name, colon, number = text.partition(":")
    kind = _SPELT.get(name, name)
    if kind not in get_args(Kind):
        return None
    found: Kind = kind  # type: ignore[assignment]
    usual = _USUAL[found]
    if not colon:
        return Derivation(found, usual)
    low, high = _RANGES.get(found, (0.0, 0.0))
    try:
        strength = float(number)
    except ValueError:
        strength = float("nan")
    if not low < strength <= high or (found == "downscale" and strength != int(strength)):
        wanted = f"give a number above {low:g}, up to {high:g}" if high else "it takes no number"
        raise UsageError(f"data.pairs={text}: {wanted}, such as {kind}{f':{usual:g}' if high else ''}")
    return Derivation(found, strength)


_RANGES: dict[Kind, tuple[float, float]] = {
    "edges": (0, 10),
    "downscale": (1, 32),
    "mask": (0, 0.9),
    "blur": (0, 50),
    "noise": (0, 255),
}


def suggest(text: str, others: list[str]) -> str:
    """What may have been meant by `text`, which is no derivation and none of `others`."""
    return did_you_mean(text, [*get_args(Kind), *others])


def _top(picture: Pixels) -> int:
    return int(np.iinfo(picture.dtype).max)


def _rounded(values: NDArray[np.floating[Any]], like: Pixels) -> Pixels:
    found: Pixels = np.rint(values).clip(0, _top(like)).astype(like.dtype)
    return found


def grey(picture: Pixels) -> Pixels:
    """[1, H, W], by the weights of ITU-R 601-2; the mean, where there are not three channels."""
    if len(picture) == 3:
        return with_channels(picture.transpose(1, 2, 0), 1).transpose(2, 0, 1)
    return _rounded(picture.mean(0, keepdims=True, dtype=np.float64), picture)


def edges(picture: NDArray[np.floating[Any]], smoothing: float) -> NDArray[np.bool_]:
    """Where a picture has edges.

    Canny, "A Computational Approach to Edge Detection", 1986: ridges of the slope, followed from strong ones. The slope
    at a pixel is that of its steepest channel: yellow on white is nearly as light, but not as blue.

    Args:
        picture: [C, H, W] in [0, 1].
        smoothing: deviation of the Gaussian before, in pixels.

    Returns:
        [H, W].
    """
    from scipy import ndimage  # which takes a while to import

    smooth = ndimage.gaussian_filter(picture, (0, smoothing, smoothing))
    slopes = np.stack([ndimage.sobel(smooth, 1), ndimage.sobel(smooth, 2)]) / 8  # [2, C, H, W]
    steepest = np.square(slopes).sum(0).argmax(0)[None, None]
    down, right = np.take_along_axis(slopes, steepest, 1)[:, 0]
    slope = np.hypot(down, right)
    ridge = (slope > WEAK) & _ridges(slope, down, right)
    parts, count = ndimage.label(ridge, np.ones((3, 3)))
    strong = np.zeros(count + 1, np.bool_)
    strong[np.unique(parts[ridge & (slope > STRONG)])] = True
    strong[0] = False
    found: NDArray[np.bool_] = strong[parts]
    return found


def _edges(picture: Pixels, smoothing: float, _: int) -> Pixels:
    lines = edges(picture.astype(np.float32) / _top(picture), smoothing)
    return np.where(lines, 0, _top(picture)).astype(picture.dtype)[None]


def _ridges(slope: NDArray[Any], down: NDArray[Any], right: NDArray[Any]) -> NDArray[np.bool_]:
    """Where no neighbour up or down the slope is steeper, of the four directions that a grid has."""
    rows, columns = np.indices(slope.shape)
    turn = np.round(np.arctan2(down, right) / (np.pi / 4)).astype(int) % 4
    y, x = np.array([0, 1, 1, 1])[turn], np.array([1, 1, 0, -1])[turn]
    padded = np.pad(slope, 1)
    ahead, behind = padded[rows + 1 + y, columns + 1 + x], padded[rows + 1 - y, columns + 1 - x]
    found: NDArray[np.bool_] = (slope >= ahead) & (slope > behind)
    return found


def _downscaled(picture: Pixels, factor: float, _: int) -> Pixels:
    _, height, width = picture.shape
    small = max(1, round(height / factor)), max(1, round(width / factor))
    planes = []
    for plane in picture:
        image = Image.fromarray(plane.astype(np.float32))
        few = image.resize(small[::-1], Image.Resampling.BOX)
        planes.append(np.asarray(few.resize((width, height), Image.Resampling.BICUBIC)))
    return _rounded(np.stack(planes), picture)


def with_hole(picture: Pixels, missing: NDArray[np.bool_]) -> Pixels:
    """A picture that is grey where it is missing, and a further channel, which is black there and else white.

    Args:
        picture: [C, H, W].
        missing: [H, W].

    >>> with_hole(np.zeros((1, 1, 2), np.uint8), np.array([[True, False]])).tolist()
    [[[128, 0]], [[0, 255]]]
    """
    found = np.full((len(picture) + 1, *picture.shape[1:]), _top(picture), picture.dtype)
    found[:-1] = picture
    found[:-1, missing] = (_top(picture) + 1) // 2
    found[-1, missing] = 0
    return found


def _masked(picture: Pixels, share: float, number: int) -> Pixels:
    """A rectangle of about that share of the picture, at most twice as long as wide, somewhere in it."""
    _, height, width = picture.shape
    generator = np.random.default_rng(mix("mask", number))
    stretch = 2 ** generator.uniform(-0.5, 0.5)
    rows = min(height, max(1, round(height * share**0.5 * stretch)))
    columns = min(width, max(1, round(width * share**0.5 / stretch)))
    top, left = (int(generator.integers(0, space + 1)) for space in (height - rows, width - columns))
    missing = np.zeros((height, width), np.bool_)
    missing[top : top + rows, left : left + columns] = True
    return with_hole(picture, missing)


def _blurred(picture: Pixels, deviation: float, _: int) -> Pixels:
    from scipy import ndimage

    return _rounded(ndimage.gaussian_filter(picture.astype(np.float32), (0, deviation, deviation)), picture)


def _noisy(picture: Pixels, deviation: float, number: int) -> Pixels:
    noise = np.random.default_rng(mix("noise", number)).normal(0, deviation / 255 * _top(picture), picture.shape)
    return _rounded(picture + noise, picture)


_MAKERS: dict[Kind, Callable[[Pixels, float, int], Pixels]] = {
    "edges": _edges,
    "grey": lambda picture, strength, number: grey(picture),
    "downscale": _downscaled,
    "mask": _masked,
    "blur": _blurred,
    "noise": _noisy,
}
