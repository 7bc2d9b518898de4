"""A first look at all headers of a set, and what follows from it: the shape to train on, and what to tell the user."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sparring.config import Data
from sparring.data.arrays import ArraySource
from sparring.data.parallel import Announce, in_threads
from sparring.data.prepare import Preparation
from sparring.data.sources import BrokenPicture, Header, Source
from sparring.data.spec import Factor, Spec
from sparring.errors import SparringError, UsageError

LARGEST_KEPT = 256
"""Larger pictures, such as photographs of a telephone, are not trained at their own size unless asked."""

_FITTED = {"crop": "cropped", "pad": "padded", "stretch": "stretched"}


@dataclass
class Survey:
    """The headers of a set.

    Attributes:
        headers: how many pictures have each.
        example: bits -> the first picture of that depth.
        broken: index -> what is wrong with it.
    """

    headers: Counter[Header] = field(default_factory=Counter)
    example: dict[int, str] = field(default_factory=dict)
    broken: dict[int, BrokenPicture] = field(default_factory=dict)


def survey(source: Source, announce: Announce) -> Survey:
    """Look at the header of every picture; an array has one header for all."""
    if isinstance(source, ArraySource):
        header = source.look(0)
        return Survey(Counter({header: len(source)}), {header.bits: source.name(0)})
    found = Survey()
    for index, header_ in enumerate(in_threads(lambda i: look(source, i), len(source), "looking at headers", announce)):
        if isinstance(header_, BrokenPicture):
            found.broken[index] = header_
        else:
            found.headers[header_] += 1
            found.example.setdefault(header_.bits, source.name(index))
    return found


def look(source: Source, index: int) -> Header | BrokenPicture:
    """The header of a picture, or what is wrong with it: threads hand errors back instead of raising them."""
    try:
        return source.look(index)
    except BrokenPicture as broken:
        return broken


def plan(source: Source, found: Survey, config: Data) -> tuple[Spec, Preparation, list[str]]:
    """The shape to train on, what is done to each picture, and the choices made for the user, one sentence each.

    Raises:
        SparringError: pictures of 8 and of 16 bits in one set, or of different channels that do not become each other.
        UsageError: the configuration asks for what these pictures cannot be.
    """
    notes: list[str] = []
    bits = _bits(found, config.path)
    channels = _channels(found.headers, config, notes)
    if bits == 32:
        if config.size is not None or config.channels is not None:
            raise UsageError(f"{config.path}: holds points, not pictures: leave data.size and data.channels out")
        return (
            Spec(channels=2, height=1, width=1, bits=32, classes=source.classes, factors=factors_of(source)),
            Preparation(1, 1, 2, "crop", "box"),
            notes,
        )
    height, width = _size(source, found.headers, config, notes)
    if any(header.transparent for header in found.headers):
        notes.append("transparent pictures are laid on white")
    if any(header.reduced for header in found.headers):
        notes.append("files of 16 bits whose colours are not RGB are read as 8 bits: save them as RGB to keep them")
    spec = Spec.model_validate(
        {"channels": channels, "height": height, "width": width, "bits": bits}
        | {"classes": source.classes, "factors": factors_of(source)}
    )
    return spec, Preparation(height, width, channels, config.fit, config.filter), notes


def factors_of(source: Source) -> tuple[Factor, ...]:
    """What is known of every picture of a labelled source by name: its factors, or else its class alone."""
    if source.labels is None:
        return ()
    named = {name: column for name, column in (source.factors or {}).items() if column.dtype.kind == "U"}
    factors = [Factor(name=name, values=tuple(np.unique(column).tolist())) for name, column in named.items()]
    return tuple(factors) or (Factor(name="class", values=source.classes),)


def wanted_size(config: Data) -> tuple[int, int] | None:
    """(height, width) as configured; None where the pictures decide.

    >>> wanted_size(Data(size=32))
    (32, 32)
    """
    return (config.size, config.size) if isinstance(config.size, int) else config.size


def broken_error(where: str, broken: Sequence[BrokenPicture]) -> SparringError:
    """One line that names up to five broken pictures and the remedy.

    >>> str(broken_error("cats", [BrokenPicture("a.png", "the file is empty")]))
    'cats: 1 broken picture: a.png (the file is empty): mend it, or leave it out with --skip-bad (data.skip_bad=true)'
    """
    named = ", ".join(f"{picture.name} ({picture.reason})" for picture in broken[:5])
    more = f" and {len(broken) - 5} more" if len(broken) > 5 else ""
    what, it = ("1 broken picture", "it") if len(broken) == 1 else (f"{len(broken)} broken pictures", "them")
    return SparringError(
        f"{where}: {what}: {named}{more}: mend {it}, or leave {it} out with --skip-bad (data.skip_bad=true)"
    )


def _bits(found: Survey, where: str) -> int:
    depths = Counter[int]()
    for header, count in found.headers.items():
        depths[header.bits] += count
    if len(depths) > 1:
        each = ", ".join(
            f"{count} of {bits} bits (such as {found.example[bits]})" for bits, count in sorted(depths.items())
        )
        raise SparringError(
            f"{where}: pictures of different depths: {each}: save the fewer ones like the others, or remove them"
        )
    return next(iter(depths))


def _channels(headers: Counter[Header], config: Data, notes: list[str]) -> int:
    counts = Counter[int]()
    for header, count in headers.items():
        counts[header.channels] += count
    have = max(counts)
    if len(counts) > 1 and not set(counts) <= {1, 3}:
        each = ", ".join(f"{count} of {channels}" for channels, count in sorted(counts.items()))
        raise SparringError(
            f"{config.path}: pictures of different channels: {each}: save them with equally many, or remove the others"
        )
    if config.channels is not None and have not in (1, 3):
        raise UsageError(
            f"{config.path}: has {have} channels, which cannot become {config.channels}: leave data.channels out"
        )
    if config.channels is None and len(counts) > 1:
        notes.append(f"{counts[1]} grey pictures among {counts[3]} coloured: all are read as colour (data.channels)")
    return config.channels or have


def _size(source: Source, headers: Counter[Header], config: Data, notes: list[str]) -> tuple[int, int]:
    sizes = {(header.height, header.width) for header in headers}
    wanted = wanted_size(config)
    if wanted is None and len(sizes) == 1 and max(map(max, sizes)) <= LARGEST_KEPT:
        return _suggested(source, next(iter(sizes)), notes)
    if wanted is None:
        side = 32 if min(map(min, sizes)) < 64 else 64
        why = f"{len(sizes)} sizes" if len(sizes) > 1 else f"more than {LARGEST_KEPT} pixels a side"
        notes.append(f"pictures have {why}: {_FITTED[config.fit]} to {side}x{side}; choose with data.size")
        return side, side
    others = sum(count for header, count in headers.items() if header.height * wanted[1] != header.width * wanted[0])
    if others:
        shape = f"{wanted[1]}x{wanted[0]}"
        notes.append(f"{others} pictures of other proportions are {_FITTED[config.fit]} to {shape} (data.fit)")
    return wanted


def _suggested(source: Source, have: tuple[int, int], notes: list[str]) -> tuple[int, int]:
    size = source.suggested_size or have
    if size != have:
        notes.append(
            f"enlarged from {have[1]}x{have[0]} to {size[1]}x{size[0]}; data.size={have[0]} keeps the original"
        )
    return size
