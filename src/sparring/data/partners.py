"""Which pictures of two sides belong together: by name, where folders may say part and side."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import commonprefix
from pathlib import PurePosixPath

from sparring.config import Data
from sparring.data.arrays import ArraySource
from sparring.data.folders import SPLITS, PictureSource
from sparring.data.sources import Header, Source
from sparring.data.survey import look
from sparring.data.views import picked
from sparring.errors import SparringError

SIDE = re.compile(r"(train|training|val|valid|validation|test|testing)?[ _-]?(a|b)", re.IGNORECASE)


@dataclass(frozen=True)
class Sides:
    """Two sources.

    Attributes:
        a: as a rule what goes in.
        b: as a rule what should come out; row i belongs to row i of `a` where pairs were asked for.
    """

    a: Source
    b: Source


def place_of(name: str) -> tuple[str, str] | None:
    """The part and the side that a file lies in, by its one or two outer folders.

    >>> place_of("trainA/1.png"), place_of("B/test/1.png"), place_of("val/a/1.png"), place_of("cats/1.png")
    (('train', 'a'), ('test', 'b'), ('val', 'a'), None)
    """
    folders = [folder.lower() for folder in name.split("/")[:-1]]
    for at, folder in enumerate(folders[:2]):
        found = SIDE.fullmatch(folder)
        if found is not None:
            beside = [other for other in folders[:2] if other in SPLITS and other != folder]
            part = found[1] or (beside[0] if beside else "")
            return SPLITS.get(part, ""), found[2]
        if folder not in SPLITS or at:
            return None
    return None


def matched(sides: Sides, config: Data, named: bool) -> Sides:
    """Both sides in the same order, by name; rows of arrays belong together by number.

    Args:
        sides: both.
        config: of the set.
        named: whether folders in their names say part and side, and are no part of what partners have in common.

    Raises:
        SparringError: some have no partner and `skip_bad` is off, or none has.
    """
    if isinstance(sides.a, ArraySource) and isinstance(sides.b, ArraySource):
        if len(sides.a) != len(sides.b):
            raise SparringError(f"{config.path}: {len(sides.b)} pictures for {len(sides.a)} sources: each needs one")
        return sides
    first, second = (_by_key(side, config.path, named) for side in (sides.a, sides.b))
    both = [key for key in first if key in second]
    alone = [sides.a.name(row) for key, row in first.items() if key not in second]
    alone += [sides.b.name(row) for key, row in second.items() if key not in first]
    if not both:
        raise SparringError(
            f"{config.path}: no picture has a partner of the same name: {sides.a.name(0)!r} on one side, "
            f"{sides.b.name(0)!r} on the other; without pairs, take an unpaired game such as cyclegan"
        )
    check_alone(alone, config, "of the same name")
    a, b = (picked(side, [keys[key] for key in both]) for side, keys in ((sides.a, first), (sides.b, second)))
    note = f"; {len(alone):,} without a partner left out" if alone else ""
    return Sides(replace(a, layout=f"{a.layout}{note}"), b)


def check_alone(names: Sequence[str], config: Data, which: str) -> None:
    """Make sure that no picture is without a partner, or that these shall be left out.

    Raises:
        SparringError: some are; the message names up to five.
    """
    if names and not config.skip_bad:
        five = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise SparringError(
            f"{config.path}: {len(names)} pictures have no partner {which}: {five}: add it, or leave them out with "
            "--skip-bad (data.skip_bad=true)"
        )


def _by_key(source: Source, where: str, named: bool) -> Mapping[str, int]:
    """Rows by what partners have in common: the name, without the folders of its side, and without its ending.

    Raises:
        SparringError: two pictures of a side have the same.
    """
    if not isinstance(source, PictureSource):
        return {source.name(row): row for row in range(len(source))}
    start = len(_common(source.files))
    keys: dict[str, int] = {}
    for row, name in enumerate(source.files):
        inside = _inside(name) if named else ""
        key = str(PurePosixPath(inside or name[start:]).with_suffix(""))
        if key in keys:
            raise SparringError(
                f"{where}: {source.name(keys[key])!r} and {source.name(row)!r} would have the same partner: rename one"
            )
        keys[key] = row
    return keys


def _inside(name: str) -> str:
    """What lies behind the folders that say part and side; empty where there are none.

    >>> _inside("set/A/test/x/1.png"), _inside("trainB/1.png"), _inside("cats/1.png")
    ('x/1.png', '1.png', '')
    """
    parts = name.split("/")
    for start in range(len(parts) - 1):
        if place_of("/".join(parts[start:])) is not None:
            rest = parts[start:]
            while len(rest) > 1 and (SIDE.fullmatch(rest[0]) or rest[0].lower() in SPLITS):
                rest = rest[1:]
            return "/".join(rest)
    return ""


def _common(files: Sequence[str]) -> str:
    """The folders that all files lie in.

    >>> _common(["B/train/1.png", "B/train/x/2.png"])
    'B/train/'
    """
    prefix = commonprefix([min(files), max(files)])  # noqa: RUF071, it is cut at a folder
    return prefix[: prefix.rfind("/") + 1]


def check_shapes(sides: Sides, where: str) -> list[str]:
    """Make sure that both pictures of each pair have the same proportions, so that one can be laid on the other.

    Returns:
        What to tell the user: where one of a pair is the larger, that both become equal; one sentence or none.

    Raises:
        SparringError: some have other proportions; the message names up to five.
    """
    bad, enlarged = list[str](), list[str]()
    for row in range(len(sides.a)):
        one, other = look(sides.a, row), look(sides.b, row)
        if not (isinstance(one, Header) and isinstance(other, Header)):
            continue
        if (one.width, one.height) != (other.width, other.height):
            named = f"{sides.b.name(row)} ({one.width}x{one.height} and {other.width}x{other.height})"
            (enlarged if _alike(one, other) else bad).append(named)
    if bad:
        named = ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
        raise SparringError(f"{where}: both pictures of a pair must have the same proportions: {named}: mend them")
    if not enlarged:
        return []
    return [f"{len(enlarged)} pairs of pictures of different sizes, as {enlarged[0]}: both are brought to one size"]


def _alike(one: Header, other: Header) -> bool:
    """Whether one is the other enlarged, but for a pixel of rounding."""
    longest = max(one.height, one.width, other.height, other.width)
    return abs(one.height * other.width - one.width * other.height) <= longest
