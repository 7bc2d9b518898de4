"""What is in a set and what is wrong with it, file by file: what `sparring data info` and `data check` print."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeVar

import numpy as np

from sparring.data.parallel import Announce, in_threads, silent
from sparring.data.recognise import open_source
from sparring.data.sources import BadLabels, BrokenPicture, Header, Source
from sparring.errors import SparringError, UsageError

Value = TypeVar("Value")
Kind = Literal["broken", "truncated", "odd mode", "odd size", "duplicate", "label"]


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


@dataclass(frozen=True)
class _Seen:
    """One picture, looked at: its header and a hash of its pixels."""

    header: Header
    digest: bytes


def inspect(path: str, split: str = "train", announce: Announce = silent) -> Report:
    """Decode every picture of a set and list all that is broken, odd, double or labelled in contradiction.

    Args:
        path: a path or name, as in `data.path`.
        split: the part to look at, where the set has parts.
        announce: is told, in a line, how far a long inspection is.

    Raises:
        UsageError: there is no such set or split.

    >>> inspect("digits").fatal
    False
    """
    try:
        source = open_source(path, split)
    except UsageError:
        raise
    except SparringError as error:
        kind: Kind = "label" if isinstance(error, BadLabels) else "broken"
        return Report(
            path, "not recognised", findings=[Finding(kind, path, str(error).removeprefix(f"{path}: "), fatal=True)]
        )
    report = Report(path, source.layout, len(source), splits=source.splits, captions=source.captions is not None)
    seen = list(in_threads(partial(_examine, source), len(source), "checking pictures", announce))
    for picture in seen:
        if isinstance(picture, _Seen):
            report.sizes[picture.header.height, picture.header.width] += 1
            report.modes[picture.header.mode] += 1
            report.bits[picture.header.bits] += 1
    report.findings += [*_broken(source, seen), *_odd(source, seen, report), *_doubles(source, seen)]
    report.findings += [*_classes(source, report), *_nothing(report)]
    return report


def _examine(source: Source, index: int) -> _Seen | BrokenPicture:
    try:
        pixels = np.ascontiguousarray(source.read(index))
        digest = hashlib.blake2b(repr((pixels.shape, pixels.dtype.name)).encode(), digest_size=16)
        digest.update(pixels.data)
        return _Seen(source.look(index), digest.digest())
    except BrokenPicture as broken:
        return broken


def _broken(source: Source, seen: list[_Seen | BrokenPicture]) -> Iterator[Finding]:
    for index, picture in enumerate(seen):
        if isinstance(picture, BrokenPicture):
            kind: Kind = "truncated" if picture.truncated else "broken"
            yield Finding(kind, source.name(index), picture.reason, fatal=True)


def _most(counts: Counter[Value]) -> Value:
    return counts.most_common(1)[0][0]


def _odd(source: Source, seen: list[_Seen | BrokenPicture], report: Report) -> Iterator[Finding]:
    """Pictures that differ from the most common size, mode or depth; another depth stops a training."""
    if not report.sizes:
        return
    size, mode, bits = (_most(report.sizes), _most(report.modes), _most(report.bits))
    for index, picture in enumerate(seen):
        if isinstance(picture, BrokenPicture):
            continue
        header = picture.header
        if (header.height, header.width) != size:
            detail = f"{header.width}x{header.height} where most are {size[1]}x{size[0]}"
            yield Finding("odd size", source.name(index), detail)
        if header.mode != mode:
            detail = f"mode {header.mode} ({header.bits} bit) where most are {mode} ({bits} bit)"
            yield Finding("odd mode", source.name(index), detail, fatal=header.bits != bits)


def _doubles(source: Source, seen: list[_Seen | BrokenPicture]) -> Iterator[Finding]:
    """Pictures whose pixels are those of an earlier one; in two classes, one of them is mislabelled."""
    first: dict[bytes, int] = {}
    for index, picture in enumerate(seen):
        if isinstance(picture, BrokenPicture):
            continue
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
