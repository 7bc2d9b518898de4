"""What goes in beside what should come out: two folders, classes, halves of a picture, columns of a table, or sets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import commonprefix
from pathlib import PurePosixPath

from sparring.config import Data
from sparring.data import builtin, derive
from sparring.data.arrays import ArraySource
from sparring.data.folders import SPLITS, PictureSource, choose, wrapper
from sparring.data.metadata import inner
from sparring.data.recognise import find_data, open_source, open_store
from sparring.data.sources import Header, Source, printable
from sparring.data.stores import is_picture
from sparring.data.survey import look
from sparring.data.views import half, picked
from sparring.errors import SparringError, UsageError

BESIDE = "beside"
"""Both pictures of a pair lie in one file, the first one left."""
_SIDE = re.compile(r"(train|training|val|valid|validation|test|testing)?[ _-]?(a|b)", re.IGNORECASE)


@dataclass(frozen=True)
class Sides:
    """Two sources.

    Attributes:
        a: as a rule what goes in.
        b: as a rule what should come out; row i belongs to row i of `a` where pairs were asked for.
    """

    a: Source
    b: Source


def open_sides(config: Data, aligned: bool) -> Sides:
    """Both sides of a set, in the part of it that the configuration names.

    Args:
        config: `pairs` names no derivation.
        aligned: whether each picture needs its partner.

    Raises:
        UsageError: it has no two sides, or no such column or part; the message says how they can be given.
        SparringError: pictures without a partner, or of other proportions; the message names them.
    """
    if config.inputs is not None:
        if config.pairs is not None:
            raise UsageError(f"data.pairs={config.pairs} and data.inputs both say where sources lie: leave one out")
        first = open_source(config.inputs, config.split)
        sides = Sides(first, open_source(config.path, config.split))
        return _matched(sides, config) if aligned else sides
    folders = _two_folders(config) if config.pairs is None else None
    if folders is not None:
        return _matched(folders, config) if aligned else folders
    source = open_source(config.path, config.split)
    if config.pairs == BESIDE:
        return Sides(half(source, right=False), half(source, right=True))
    columns = [config.pairs] if config.pairs else _picture_columns(source)
    if len(columns) > 1:
        raise UsageError(f"{config.path}: several columns name pictures: choose one, data.pairs={columns[0]}")
    if columns:
        return _two_columns(source, columns[0])
    if not aligned and source.labels is not None and len(source.classes) > 1:
        return _two_classes(source, config)
    raise UsageError(
        f"{config.path}: only one sort of pictures lies here: put two into folders A and B, name a folder of "
        "sources with data.inputs, or make them with data.pairs (edges, gray, downscale:4, mask, blur, noise; "
        f"{BESIDE}: two in each file)"
    )


# -- a second column --------------------------------------------------------------------------------------------------


def _picture_columns(source: Source) -> list[str]:
    """The columns of the set's table, beside `file_name`, that name pictures of the set."""
    if source.table is None or not isinstance(source, PictureSource):
        return []
    known, folder = set(source.store.names), _folder_of_table(source)

    def picture(value: object) -> bool:
        return isinstance(value, str) and is_picture(value) and folder + value in known

    columns = source.table.columns.items()
    return [name for name, values in columns if name != "file_name" and values and all(map(picture, values))]


def _folder_of_table(source: PictureSource) -> str:
    """What file names in the table are relative to."""
    assert source.table is not None
    named = str(source.table.columns["file_name"][0])
    return source.files[0].removesuffix(str(PurePosixPath(named)))


def _two_columns(source: Source, column: str) -> Sides:
    if source.table is None or not isinstance(source, PictureSource):
        raise UsageError(
            f"data.pairs={column}: {derive.suggest(column, [BESIDE])} (a column of a metadata table is meant "
            "where there is such a table)"
        )
    if column not in source.table.columns:
        raise UsageError(f"data.pairs={column}: {derive.suggest(column, [BESIDE, *source.table.columns])}")
    folder, where = _folder_of_table(source), f"{source.table.where}: column {column}"
    files = [folder + inner(value, where) for value in source.table.columns[column]]
    layout = f"the pictures of {printable(column)}"
    return Sides(PictureSource(layout=layout, splits=source.splits, store=source.store, files=files), source)


# -- two classes ------------------------------------------------------------------------------------------------------


def _two_classes(source: Source, config: Data) -> Sides:
    """From the first class to the second, in the order of their names."""
    if len(source.classes) > 2:
        named = ", ".join(source.classes[:5]) + (", ..." if len(source.classes) > 5 else "")
        raise UsageError(
            f"{config.path}: {len(source.classes)} classes ({named}), and a translation has two sides: name the "
            "folder of one with --data and of the other with --inputs, or take stargan, which knows many"
        )
    assert source.labels is not None
    sides = []
    for label, name in enumerate(source.classes):
        rows = (source.labels == label).nonzero()[0].tolist()
        if not rows:
            raise SparringError(f"{config.path}: class {name} holds no pictures: both sides are needed")
        sides.append(replace(picked(source, rows), layout=f"class {name}: {len(rows):,} pictures"))
    return Sides(*sides)


# -- two folders ------------------------------------------------------------------------------------------------------


def _two_folders(config: Data) -> Sides | None:
    """`A/` and `B/`, with or without parts, or `trainA` and so on; None where these pictures lie otherwise."""
    if config.path in builtin.EMBEDDED:
        return None
    path = find_data(config.path)
    store = open_store(path)
    if store is None:
        return None
    files = [name for name in store.names if is_picture(name)]
    start = len(wrapper(files)) if files else 0
    parts: dict[str, dict[str, list[str]]] = {}
    for name in files:
        place = _place(name[start:])
        if place is None:
            return None
        parts.setdefault(place[0], {"a": [], "b": []})[place[1]].append(name)
    if not parts:
        return None
    whole = {part for part, sides in parts.items() if sides["a"] and sides["b"]}  # the others are of no use
    splits = () if set(parts) == {""} else tuple(sorted(whole | {config.split} & set(parts)))
    if not splits and config.split != "train":
        raise UsageError(f"{path}: is not divided into splits, so there is no {config.split!r}: leave data.split out")
    sides = choose(parts, config.split, str(path)) if splits else parts[""]
    empty = next((side for side, inside in sides.items() if not inside), None)
    if empty is not None:
        raise SparringError(f"{path}: side {empty.upper()} holds no pictures: both sides are needed")
    first, second = (
        PictureSource(layout=f"folder {side}: {len(inside):,} pictures", splits=splits, store=store, files=inside)
        for side, inside in (("A", sides["a"]), ("B", sides["b"]))
    )
    return Sides(first, second)


def _place(name: str) -> tuple[str, str] | None:
    """The part and the side that a file lies in, by its one or two outer folders.

    >>> _place("trainA/1.png"), _place("B/test/1.png"), _place("val/a/1.png"), _place("cats/1.png")
    (('train', 'a'), ('test', 'b'), ('val', 'a'), None)
    """
    folders = [folder.lower() for folder in name.split("/")[:-1]]
    for at, folder in enumerate(folders[:2]):
        found = _SIDE.fullmatch(folder)
        if found is not None:
            beside = [other for other in folders[:2] if other in SPLITS and other != folder]
            part = found[1] or (beside[0] if beside else "")
            return SPLITS.get(part, ""), found[2]
        if folder not in SPLITS or at:
            return None
    return None


# -- partners ---------------------------------------------------------------------------------------------------------


def _matched(sides: Sides, config: Data) -> Sides:
    """Both sides in the same order, by name; rows of arrays belong together by number.

    Raises:
        SparringError: some have no partner and `skip_bad` is off, or none has.
    """
    if isinstance(sides.a, ArraySource) and isinstance(sides.b, ArraySource):
        if len(sides.a) != len(sides.b):
            raise SparringError(f"{config.path}: {len(sides.b)} pictures for {len(sides.a)} sources: each needs one")
        return sides
    first, second = _by_key(sides.a, config.path), _by_key(sides.b, config.path)
    both = [key for key in first if key in second]
    alone = [sides.a.name(row) for key, row in first.items() if key not in second]
    alone += [sides.b.name(row) for key, row in second.items() if key not in first]
    if not both:
        raise SparringError(
            f"{config.path}: no picture has a partner of the same name: {sides.a.name(0)!r} on one side, "
            f"{sides.b.name(0)!r} on the other; without pairs, take an unpaired game such as cyclegan"
        )
    if alone and not config.skip_bad:
        named = ", ".join(alone[:5]) + (", ..." if len(alone) > 5 else "")
        raise SparringError(
            f"{config.path}: {len(alone)} pictures have no partner of the same name: {named}: add it, or leave them "
            "out with --skip-bad (data.skip_bad=true)"
        )
    a, b = (picked(side, [keys[key] for key in both]) for side, keys in ((sides.a, first), (sides.b, second)))
    note = f"; {len(alone):,} without a partner left out" if alone else ""
    return Sides(replace(a, layout=f"{a.layout}{note}"), b)


def _by_key(source: Source, where: str) -> Mapping[str, int]:
    """Rows by what partners have in common: the name, without the folders of its side, and without its ending.

    Raises:
        SparringError: two pictures of a side have the same.
    """
    if not isinstance(source, PictureSource):
        return {source.name(row): row for row in range(len(source))}
    start = len(_common(source.files))
    keys: dict[str, int] = {}
    for row, name in enumerate(source.files):
        key = str(PurePosixPath(_inside(name) or name[start:]).with_suffix(""))
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
        if _place("/".join(parts[start:])) is not None:
            rest = parts[start:]
            while len(rest) > 1 and (_SIDE.fullmatch(rest[0]) or rest[0].lower() in SPLITS):
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


def check_shapes(sides: Sides, where: str) -> None:
    """Make sure that both pictures of each pair have the same proportions, so that one can be laid on the other.

    Raises:
        SparringError: some have not; the message names up to five.
    """
    bad = []
    for row in range(len(sides.a)):
        one, other = look(sides.a, row), look(sides.b, row)
        if isinstance(one, Header) and isinstance(other, Header) and not _alike(one, other):
            bad.append(f"{sides.b.name(row)} ({one.width}x{one.height} and {other.width}x{other.height})")
    if bad:
        named = ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
        raise SparringError(f"{where}: both pictures of a pair must have the same proportions: {named}: mend them")


def _alike(one: Header, other: Header) -> bool:
    """Whether one is the other enlarged, but for a pixel of rounding."""
    longest = max(one.height, one.width, other.height, other.width)
    return abs(one.height * other.width - one.width * other.height) <= longest
