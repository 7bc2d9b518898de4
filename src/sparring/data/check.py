"""What is in a set and what is wrong with it, file by file: what `sparring data info` and `data check` print."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np

from sparring.data.alike import thumbnail
from sparring.data.parallel import Announce, in_threads, silent
from sparring.data.recognise import open_source
from sparring.data.sources import BadLabels, BrokenPicture, Source
from sparring.data.suspect import Finding, Kind, Seen, about_the_whole, leaked, moments_of, nearly_the_same, sides_of
from sparring.errors import SparringError, UsageError

Value = TypeVar("Value")


@dataclass
class Report:
    """What a set is made of.

    Attributes:
        path: what the user called it.
        layout: one sentence: what was recognised and why; or what kept it from being recognised.
        count: the number of pictures, broken ones included.
        classes: name -> number of pictures; empty without labels.
        splits: the parts that the set has.
        captions: whether each picture has a sentence.
        sizes: (height, width) -> number of pictures.
        modes: the decoder's name for how a picture is stored -> number of pictures.
        bits: 8, 16 or (points) 32 -> number of pictures.
        findings: all that is wrong or odd, by name.
    """

    path: str
    layout: str
    count: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    splits: tuple[str, ...] = ()
    captions: bool = False
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    bits: Counter[int] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    @property
    def fatal(self) -> bool:
        """Whether training with default settings would fail."""
        return any(finding.fatal for finding in self.findings)


def inspect(path: str, split: str = "train", announce: Announce = silent, thorough: bool = True) -> Report:
    """Decode every picture of a set and list all that is broken, odd, double or labelled in contradiction.

    Args:
        path: a path or name, as in `data.path`.
        split: the part to look at, where the set has parts.
        announce: is told, in a line, how far a long inspection is.
        thorough: compare all pictures with each other, and with those of the test part.

    Raises:
        UsageError: there is no such set or split.

    >>> inspect("digits").fatal
    False
    """
    try:
        source = open_source(path, split, announce=announce)
    except UsageError:
        raise
    except SparringError as error:
        kind: Kind = "label" if isinstance(error, BadLabels) else "broken"
        return Report(
            path, "not recognised", findings=[Finding(kind, path, str(error).removeprefix(f"{path}: "), fatal=True)]
        )
    report = Report(path, source.layout, len(source), splits=source.splits, captions=source.captions is not None)
    looked = _look(source, "checking pictures", announce)
    seen = [picture for picture in looked if isinstance(picture, Seen)]
    for picture in seen:
        report.sizes[picture.header.height, picture.header.width] += 1
        report.modes[picture.header.mode] += 1
        report.bits[picture.header.bits] += 1
    report.findings += [*_broken(source, looked), *_odd(source, seen), *_doubles(source, seen)]
    report.findings += [*_classes(source, report), *_nothing(report), *about_the_whole(path, source, seen)]
    if 32 in report.bits or not thorough:
        return report  # points of the plane are like each other by nature
    report.findings += nearly_the_same(source, seen, announce)
    if split == "train" and "test" in source.splits:
        test = open_source(path, "test", announce=announce)
        held = [one for one in _look(test, "checking the test part", announce) if isinstance(one, Seen)]
        report.findings += leaked(source, seen, test, held, announce)
    return report


def _look(source: Source, doing: str, announce: Announce) -> list[Seen | BrokenPicture]:
    return list(in_threads(partial(_examine, source), len(source), doing, announce))


def _examine(source: Source, index: int) -> Seen | BrokenPicture:
    try:
        pixels = np.ascontiguousarray(source.read(index))
        digest = hashlib.blake2b(repr((pixels.shape, pixels.dtype.name)).encode(), digest_size=16)
        digest.update(pixels.data)
        return Seen(index, source.look(index), digest.digest(), thumbnail(pixels), moments_of(pixels))
    except BrokenPicture as broken:
        return broken


def _broken(source: Source, seen: list[Seen | BrokenPicture]) -> Iterator[Finding]:
    for index, picture in enumerate(seen):
        if isinstance(picture, BrokenPicture):
            kind: Kind = "truncated" if picture.truncated else "broken"
            yield Finding(kind, source.name(index), picture.reason, fatal=True)


def _most(counts: Counter[Value]) -> Value:
    return counts.most_common(1)[0][0]


def _odd(source: Source, seen: list[Seen]) -> Iterator[Finding]:
    """Pictures that differ from the most common size, mode or depth; another depth stops a training.

    The sides of a set for translation may differ from each other.
    """
    sides = sides_of(source)
    if sides is None:
        yield from _odd_of(source, seen)
        return
    for side in (0, 1):
        yield from _odd_of(source, [one for one in seen if sides[one.index] == side])


def _odd_of(source: Source, seen: list[Seen]) -> Iterator[Finding]:
    headers = [picture.header for picture in seen]
    if not headers:
        return
    size = _most(Counter((header.height, header.width) for header in headers))
    mode, bits = _most(Counter(header.mode for header in headers)), _most(Counter(header.bits for header in headers))
    for picture, header in zip(seen, headers, strict=True):
        if (header.height, header.width) != size:
            detail = f"{header.width}x{header.height} where most are {size[1]}x{size[0]}"
            yield Finding("odd size", source.name(picture.index), detail)
        if header.mode != mode:
            detail = f"mode {header.mode} ({header.bits} bit) where most are {mode} ({bits} bit)"
            yield Finding("odd mode", source.name(picture.index), detail, fatal=header.bits != bits)


def _doubles(source: Source, seen: list[Seen]) -> Iterator[Finding]:
    """Pictures whose pixels are those of an earlier one; in two classes, one of them is mislabelled."""
    first: dict[bytes, int] = {}
    for picture in seen:
        index = picture.index
        earlier = first.setdefault(picture.digest, index)
        if earlier == index:
            continue
        yield Finding("duplicate", source.name(index), f"the same pixels as {source.name(earlier)}")
        if source.labels is not None and source.labels[index] != source.labels[earlier]:
            here, there = (source.classes[source.labels[i]] for i in (index, earlier))
            detail = f"the same picture is {here!r} here and {there!r} in {source.name(earlier)}"
            yield Finding("label", source.name(index), detail)


def _classes(source: Source, report: Report) -> Iterator[Finding]:
    """Count the classes; one with no picture or a single one is probably a slip."""
    if source.labels is None:
        return
    counts = np.bincount(source.labels, minlength=len(source.classes)).tolist()
    report.classes = dict(zip(source.classes, counts, strict=True))
    for name, count in report.classes.items():
        if count < 2:
            yield Finding("label", name, f"class {name!r} has {'one picture' if count else 'no picture'}")


def _nothing(report: Report) -> Iterator[Finding]:
    if not report.sizes and not report.findings:
        yield Finding("broken", report.path, "holds no pictures: there is nothing to train on", fatal=True)
