"""What goes in beside what should come out: two folders, classes, halves of a picture, columns of a table, or sets."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from sparring.config import Data
from sparring.data import builtin, derive
from sparring.data.folders import SPLITS, PictureSource, choose, wrapper
from sparring.data.metadata import inner
from sparring.data.parallel import Announce, silent
from sparring.data.partners import SIDE, Sides, check_alone, matched, place_of
from sparring.data.recognise import find_data, open_source, open_store
from sparring.data.sources import Source, printable
from sparring.data.stores import may_be_picture
from sparring.data.views import half, picked
from sparring.errors import SparringError, UsageError

BESIDE = "beside"
"""Both pictures of a pair lie in one file, the first one left."""


def open_sides(config: Data, aligned: bool, announce: Announce = silent) -> Sides:
    """Both sides of a set, in the part of it that the configuration names.

    Args:
        config: `pairs` names no derivation.
        aligned: whether each picture needs its partner.
        announce: is told, in a line, how far a long look is.

    Raises:
        UsageError: it has no two sides, or no such column or part; the message says how they can be given.
        SparringError: pictures without a partner, or of other proportions; the message names them.
    """
    if config.inputs is not None:
        if config.pairs is not None:
            raise UsageError(f"data.pairs={config.pairs} and data.inputs both say where sources lie: leave one out")
        first = open_source(config.inputs, config.split, announce=announce)
        sides = Sides(first, open_source(config.path, config.split, announce=announce))
        return matched(sides, config, named=False) if aligned else sides
    folders = _two_folders(config) if config.pairs is None else None
    if folders is not None:
        return matched(folders, config, named=True) if aligned else folders
    source = open_source(config.path, config.split, announce=announce)
    if config.pairs == BESIDE:
        return Sides(half(source, right=False), half(source, right=True))
    columns = [config.pairs] if config.pairs else _picture_columns(source)
    if len(columns) > 1:
        raise UsageError(f"{config.path}: several columns name pictures: choose one, data.pairs={columns[0]}")
    if columns:
        return _two_columns(source, columns[0], config, aligned)
    if not aligned and source.labels is not None and len(source.classes) > 1:
        return _two_classes(source, config)
    raise UsageError(
        f"{config.path}: only one sort of pictures lies here: put two into folders A and B, name a folder of "
        "sources with data.inputs, or make them with data.pairs (edges, gray, downscale:4, mask, blur, noise; "
        f"{BESIDE}: two in each file)"
    )


# -- a second column --------------------------------------------------------------------------------------------------


def _picture_columns(source: Source) -> list[str]:
    """The columns of the set's table, beside `file_name`, that name pictures; some may lack, but not all."""
    if source.table is None or not isinstance(source, PictureSource):
        return []
    known, folder = set(source.store.names), _folder_of_table(source)

    def names_pictures(values: Sequence[object]) -> bool:
        named = [value for value in values if value is not None]
        alike = all(isinstance(value, str) and may_be_picture(value) for value in named)
        return alike and any(f"{folder}{value}" in known for value in named)

    return [name for name, values in source.table.columns.items() if name != "file_name" and names_pictures(values)]


def _folder_of_table(source: PictureSource) -> str:
    """What file names in the table are relative to."""
    assert source.table is not None
    named = str(source.table.columns["file_name"][0])
    return source.files[0].removesuffix(str(PurePosixPath(named)))


def _two_columns(source: Source, column: str, config: Data, aligned: bool) -> Sides:
    if source.table is None or not isinstance(source, PictureSource):
        raise UsageError(
            f"data.pairs={column}: {derive.suggest(column, [BESIDE])} (a column of a metadata table is meant "
            "where there is such a table)"
        )
    if column not in source.table.columns:
        raise UsageError(f"data.pairs={column}: {derive.suggest(column, [BESIDE, *source.table.columns])}")
    folder, where = _folder_of_table(source), f"{source.table.where}: column {column}"
    files = ["" if value is None else folder + inner(value, where) for value in source.table.columns[column]]
    known = set(source.store.names)
    rows = [row for row, name in enumerate(files) if name in known]
    if not rows:
        raise SparringError(f"{where}: names no picture that is there: correct it")
    layout = f"the pictures of {printable(column)}"
    named = [files[row] for row in rows]
    sources = PictureSource(layout=layout, splits=source.splits, store=source.store, files=named)
    if not aligned:
        return Sides(sources, source)
    alone = [name for row, name in enumerate(map(source.name, range(len(source)))) if files[row] not in known]
    check_alone(alone, config, f"in column {printable(column)}")
    note = f"; {len(alone):,} without a partner left out" if alone else ""
    return Sides(replace(sources, layout=f"{layout}{note}"), picked(source, rows))


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
    files = [name for name in store.names if may_be_picture(name)]
    start = len(_around(wrapper(files))) if files else 0
    parts: dict[str, dict[str, list[str]]] = {}
    for name in files:
        place = place_of(name[start:])
        if place is not None:
            parts.setdefault(place[0], {"a": [], "b": []})[place[1]].append(name)
        elif "/" in name[start:]:
            return None
    if not parts:
        return None
    stray = next((name for name in files if place_of(name[start:]) is None), None)
    if stray is not None:
        raise SparringError(f"{path}: {printable(stray)} lies beside the folders A and B: move it into one, or away")
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


def _around(folders: str) -> str:
    """What all files lie in, as far as it is around parts and sides.

    >>> _around("set/A/"), _around("set/x/")
    ('set/', 'set/x/')
    """
    names = folders.split("/")[:-1]
    own = [at for at, name in enumerate(names) if name.lower() in SPLITS or SIDE.fullmatch(name)]
    return "".join(f"{name}/" for name in (names[: own[0]] if own else names))
