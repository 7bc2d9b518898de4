"""What is odd about a set as a whole: classes, channels, transparency, pairs, near-duplicates, leaks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sparring.data.alike import MOST, Thumbnail, near_duplicates
from sparring.data.parallel import Announce
from sparring.data.partners import SIDE
from sparring.data.sources import Header, Source

Kind = Literal[
    "broken",
    "truncated",
    "odd mode",
    "odd size",
    "duplicate",
    "near-duplicate",
    "leak",
    "label",
    "imbalance",
    "unpaired",
    "channel",
    "alpha",
]
IMBALANCE = 10
"""How many times as many pictures the largest class may have as the smallest."""
CONSTANT = 0.005
"""Standard deviation of a channel over the whole set, as a share of its range, below which it says nothing."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    Attributes:
        kind: what sort of thing.
        name: the file, entry or class.
        detail: what about it, in a few words.
        fatal: whether training with default settings would fail because of it.
    """

    kind: Kind
    name: str
    detail: str
    fatal: bool = False


@dataclass(frozen=True)
class Seen:
    """One picture, looked at.

    Attributes:
        index: its number in the source.
        header: of its file.
        digest: hash of its pixels.
        thumbnail: what near-duplicates share.
        moments: [C, 2], mean of each channel and of its square, as shares of the range.
    """

    index: int
    header: Header
    digest: bytes
    thumbnail: Thumbnail
    moments: NDArray[np.float64]


def moments_of(pixels: NDArray[Any]) -> NDArray[np.float64]:
    """[C, 2], the mean of each channel of a picture, [H, W, C], and of its square, as shares of the range."""
    top = float(np.iinfo(pixels.dtype).max) if np.issubdtype(pixels.dtype, np.integer) else 1.0
    values = pixels.reshape(-1, pixels.shape[2]).astype(np.float64) / top
    return np.stack([values.mean(0), (values**2).mean(0)], 1)


def about_the_whole(path: str, source: Source, seen: list[Seen]) -> Iterator[Finding]:
    """Everything about a set as a whole that takes no second look at its pictures."""
    yield from _transparent(path, seen)
    yield from _channels(path, seen)
    yield from _imbalance(source)
    yield from _unpaired(source)


def _transparent(path: str, seen: list[Seen]) -> Iterator[Finding]:
    count = sum(one.header.transparent for one in seen)
    if count:
        yield Finding("alpha", path, f"{count:,} of {len(seen):,} pictures have transparency, which is laid on white")


def _channels(path: str, seen: list[Seen]) -> Iterator[Finding]:
    """Channels that hardly vary; only where all pictures have the same number of them."""
    shapes = {one.moments.shape for one in seen}
    if len(shapes) != 1 or len(seen) < 2:
        return
    mean, square = np.mean([one.moments for one in seen], 0).T
    deviations = np.sqrt(np.clip(square - mean**2, 0, None))
    for channel in np.flatnonzero(deviations < CONSTANT).tolist():
        detail = f"channel {channel + 1} of {len(mean)} is {mean[channel]:.2f} of its range nearly everywhere"
        yield Finding("channel", path, detail)


def _imbalance(source: Source) -> Iterator[Finding]:
    if source.labels is None or len(source.classes) < 2:
        return
    counts = np.bincount(source.labels, minlength=len(source.classes))
    most, least = int(counts.argmax()), int(counts.argmin())
    if counts[least] >= 2 and counts[most] > IMBALANCE * counts[least]:
        detail = (
            f"{counts[least]:,} pictures where {source.classes[most]!r} has {counts[most]:,}: it will be learnt badly"
        )
        yield Finding("imbalance", source.classes[least], detail)


def sides_of(source: Source) -> NDArray[np.int64] | None:
    """Of each picture the side of a translation that its class folder is, 0 or 1; None where classes are no sides."""
    names = [name.lower() for name in source.classes]
    ends = [name[-1:] for name in names]
    whole = set(ends) == {"a", "b"} and all(map(SIDE.fullmatch, names))  # A and B, or trainA, trainB, testA, testB
    if source.labels is None or not (whole or ends == ["a", "b"]):
        return None
    return np.array([end == "b" for end in ends], np.int64)[source.labels]


def _unpaired(source: Source) -> Iterator[Finding]:
    """Of two sides whose names mostly pair, the names that do not."""
    sides = sides_of(source)
    if sides is None or source.labels is None:
        return
    names: list[dict[tuple[str, str], str]] = [{}, {}]
    for index, (side, label) in enumerate(zip(sides.tolist(), source.labels.tolist(), strict=True)):
        part = source.classes[label][:-1].lower() if len(source.classes) > 2 else ""
        names[side][part, PurePosixPath(source.name(index)).stem] = source.name(index)
    both = names[0].keys() & names[1].keys()
    if 2 * len(both) < min(map(len, names)):
        return  # two sets that were never meant to pair
    for side, other in ((0, "B"), (1, "A")):
        for key in sorted(names[side].keys() - both):
            yield Finding("unpaired", names[side][key], f"has no partner on side {other}")


def nearly_the_same(source: Source, seen: list[Seen], announce: Announce) -> Iterator[Finding]:
    """Pictures that are nearly, but not just, those of an earlier one."""
    for number, other, cosine in _search(seen, None, announce):
        one, earlier = seen[number], seen[other]
        if one.digest != earlier.digest:
            detail = f"nearly {source.name(earlier.index)} (likeness {cosine:.4f})"
            yield Finding("near-duplicate", source.name(one.index), detail)


def leaked(source: Source, seen: list[Seen], test: Source, held: list[Seen], announce: Announce) -> Iterator[Finding]:
    """Pictures of the test part that are in the training part too."""
    for number, other, cosine in _search(held, seen, announce):
        same = held[number].digest == seen[other].digest
        how = "the same pixels as" if same else f"nearly (likeness {cosine:.4f})"
        detail = f"of the test part: {how} {source.name(seen[other].index)} of the training part"
        yield Finding("leak", test.name(held[number].index), detail)


def _search(seen: list[Seen], among: list[Seen] | None, announce: Announce) -> Iterator[tuple[int, int, float]]:
    sizes = {one.thumbnail.shape for side in (seen, among or []) for one in side}
    if len(sizes) != 1 or not seen or among == []:
        return  # pictures of different channels are never the same
    if max(len(seen), len(among or [])) > MOST:
        announce(f"more than {MOST:,} pictures: they are not searched for near-duplicates")
        return
    tables = [None if side is None else np.stack([one.thumbnail for one in side]) for side in (seen, among)]
    assert tables[0] is not None
    yield from near_duplicates(tables[0], tables[1], "looking for near-duplicates", announce)
