"""Pictures that are nearly the same: saved again, brighter, or moved by less than a pixel of a thumbnail.

Each picture becomes a thumbnail of 16 x 16 means of each colour, less its own mean and of length 1, so brightness and
contrast do not count. Two are nearly the same if their thumbnails point the same way.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.data.parallel import Announce, Progress

SIDE = 16
ALIKE = 0.999
"""The cosine of two thumbnails from which on their pictures count as nearly the same."""
MOST = 60_000
"""Pictures that are compared with each other; the time grows with their square, to about half a minute."""
FLAT = 1e-3
"""Contrast, as a share of the range, below which a picture is one flat grey and like no other."""

Thumbnail = NDArray[np.float32]


def thumbnail(pixels: NDArray[Any]) -> Thumbnail:
    """A picture, [H, W, C], as a direction, [256 C], of at most 3 channels; zeros for one that is flat.

    >>> ramp = np.arange(256, dtype=np.uint8).reshape(1, 256, 1).repeat(256, 0)
    >>> round(float(thumbnail(ramp) @ thumbnail(ramp // 2 + 50)), 3)
    1.0
    """
    small = _means(_means(pixels[:, :, :3].astype(np.float32), 0), 1).ravel()
    small -= small.mean()
    top = float(np.iinfo(pixels.dtype).max) if np.issubdtype(pixels.dtype, np.integer) else 1.0
    length = float(np.linalg.norm(small))
    return small / length if length > FLAT * top * len(small) ** 0.5 else np.zeros_like(small)


def _means(picture: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """The means of sixteen equal parts along an axis; a pixel on an edge counts for both parts, by its share."""
    length = picture.shape[axis]
    ends = np.linspace(0, length, SIDE + 1)
    before = np.minimum(ends.astype(int), length - 1)
    share = (ends - before).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (-1, 1))
    sums = np.insert(picture.cumsum(axis, np.float32), 0, 0, axis)
    at_ends = sums.take(before, axis) + share * picture.take(before, axis)
    means: NDArray[np.float32] = np.diff(at_ends, axis=axis) * (SIDE / length)
    return means


def near_duplicates(
    thumbnails: Thumbnail, among: Thumbnail | None, doing: str, announce: Announce
) -> Iterator[tuple[int, int, float]]:
    """Pictures that are nearly the same as another one.

    Args:
        thumbnails: [N, F].
        among: [M, F], of another set; None: each is compared with those before it in its own set.
        doing: what to call this work.
        announce: is told how far it is.

    Yields:
        Number, number of the one that is nearest, cosine.
    """
    progress = Progress(doing, len(thumbnails), announce)
    step = 1024
    for start in range(0, len(thumbnails), step):
        part = thumbnails[start : start + step]
        others = thumbnails[: start + len(part)] if among is None else among
        table = part @ others.T
        if among is None:  # the ones after it, and itself, do not count
            table[:, start:] = np.tril(table[:, start:], -1)
        nearest = table.argmax(1)
        cosines = table[np.arange(len(part)), nearest]
        for row in np.flatnonzero(cosines >= ALIKE).tolist():
            yield start + row, int(nearest[row]), float(cosines[row])
        progress.at(start + len(part))
