"""Pictures described by a table beside them: Hugging Face `metadata.jsonl`/`.csv`, StyleGAN `dataset.json`."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.data.folders import SPLITS, PictureSource, choose, whole
from sparring.data.sources import MOST_CLASSES, BadLabels, Source, Table, numbered, one_line, printable
from sparring.data.stores import Store, base, is_picture
from sparring.errors import SparringError, UsageError, did_you_mean

Row = dict[str, Any]


def find_tables(store: Store, start: str) -> dict[str, str]:
    """The metadata tables of a set: split -> name, with the split '' where one table describes all of it."""
    for name in (f"{start}metadata.jsonl", f"{start}metadata.csv"):
        if name in store.names:
            return {"": name}
    tables: dict[str, str] = {}
    for name in store.names:
        parts = name[len(start) :].split("/")
        if len(parts) == 2 and parts[1] in ("metadata.jsonl", "metadata.csv") and parts[0].lower() in SPLITS:
            tables.setdefault(SPLITS[parts[0].lower()], name)
    return tables


def open_table(store: Store, tables: dict[str, str], split: str) -> PictureSource:
    """The pictures that a Hugging Face table names, with it and their captions; other pictures are left alone.

    Raises:
        SparringError: a row cannot be used; the message names the table and the row.
        UsageError: the set has no such split.
    """
    whole_set = "" in tables
    name = tables[""] if whole_set else choose(tables, split, str(store.path))
    where = f"{store.path}: {base(name)}"
    rows, splits = (
        _of_split(_rows(store, name, where), split, where) if whole_set else (_rows(store, name, where), tuple(tables))
    )
    folder = name.removesuffix(base(name))
    files = [folder + inner(row.get("file_name"), where) for row in rows]
    if not files:
        raise SparringError(f"{where} names no pictures: one row with file_name a picture is needed")
    named = sorted({column for row in rows for column in row})
    columns = {column: [row.get(column) for row in rows] for column in named}
    texts = [row.get("text") for row in rows]
    captions = tuple(map(str, texts)) if all(isinstance(text, str) for text in texts) else None
    others = [printable(column) for column in columns if column not in ("file_name", "label", "text")]
    more = f"; other columns: {', '.join(others[:10])}{', ...' * (len(others) > 10)}" if others else ""
    told = ", with captions" if captions else ""
    return PictureSource(
        layout=f"Hugging Face {base(name)}: the {len(files)} pictures of file_name{told}{more}",
        captions=captions,
        table=Table(where, columns),
        splits=splits,
        store=store,
        files=files,
    )


def open_stylegan(store: Store, start: str, split: str) -> PictureSource:
    """The pictures of a StyleGAN set, with the labels of its `dataset.json` unless they are null.

    Raises:
        SparringError: the labels are no class numbers, or some picture has none.
        UsageError: another split than `train` was asked for.
    """
    where = f"{store.path}: dataset.json"
    table = _json(store.read(f"{start}dataset.json"), where)
    files = whole([name for name in store.names if name.startswith(start) and is_picture(name)], split, str(store.path))
    pairs = table.get("labels") if isinstance(table, dict) else None
    if pairs is None:
        if not files:
            raise SparringError(f"{where} lies beside no pictures: add them or name another folder")
        return PictureSource(layout="StyleGAN dataset.json without labels", store=store, files=files)
    labelled = _pairs(pairs, where, start)
    missing = [name for name in files if name not in labelled]
    if missing:
        raise SparringError(
            f"{where} has {len(labelled)} labels for {len(files)} pictures: {printable(missing[0])!r} has none"
        )
    files = sorted(labelled)  # a label of a picture that is not there makes that picture a broken one
    classes, labels = labels_of([labelled[name] for name in files], files, where)
    names = table.get("classes")
    if isinstance(names, list) and len(names) >= len(classes):
        classes = tuple(map(str, names))
    return PictureSource(
        layout=f"StyleGAN dataset.json: {len(classes)} classes",
        classes=classes,
        labels=labels,
        store=store,
        files=files,
    )


def with_classes(source: Source, column: str | None = None) -> Source:
    """The same pictures, their classes taken from a column of the table that describes them.

    Args:
        source: one without a table is handed back as it is.
        column: absent: `label`, where the table has it.

    Raises:
        UsageError: the column was asked for, and there is no table, or no such column in it, or an empty one.
        SparringError: a picture has no value there, or one that is no class.
    """
    if source.table is None:
        if column is not None:
            raise UsageError(f"data.label={column}: no metadata table describes these pictures: leave it out")
        return source
    name = column or "label"
    if column is not None and column not in source.table.columns:
        raise UsageError(
            f"data.label={column}: the metadata has no such column: {did_you_mean(column, source.table.columns)}"
        )
    found = source.table.columns.get(name, ())
    values = [json.dumps(value) if isinstance(value, bool) else value for value in found]
    where = source.table.where if column is None else f"{source.table.where} (data.label={column})"
    classes, labels = labels_of(values, [source.name(index) for index in range(len(values))], where)
    if labels is None and column is not None:
        raise UsageError(f"data.label={column}: no picture has a value there: name another column or leave it out")
    said = "no labels" if labels is None else f"{len(classes)} classes by {printable(name)}"
    return replace(source, layout=f"{source.layout}; {said}", classes=classes, labels=labels)


def labels_of(
    values: Sequence[Any], files: Sequence[str], where: str
) -> tuple[tuple[str, ...], NDArray[np.int64] | None]:
    """Class names and labels from what a table holds: class numbers, class names, or nothing.

    Raises:
        SparringError: some are missing, of mixed types, or out of range; the message names the first picture.

    >>> labels_of(["cat", "ape", "cat"], ["0.png", "1.png", "2.png"], "metadata.csv")
    (('ape', 'cat'), array([1, 0, 1]))
    """
    if all(value is None for value in values):
        return (), None
    kind = str if isinstance(next(value for value in values if value is not None), str) else int
    for value, name in zip(values, files, strict=True):
        if value is None or type(value) is not kind:
            raise SparringError(
                f"{where}: label {value!r} of {printable(name)!r} is not {_KINDS[kind]} as the others are"
            )
        if isinstance(value, int) and not 0 <= value < MOST_CLASSES:
            raise BadLabels(f"{where}: label {value} of {printable(name)!r} is out of range: classes count from 0")
    if kind is int:
        labels = np.array(values, np.int64)
        return numbered(labels), labels
    classes = tuple(sorted(set(values)))
    number = {name: label for label, name in enumerate(classes)}
    return classes, np.array([number[value] for value in values], np.int64)


_KINDS = {int: "a class number", str: "a class name"}


def _rows(store: Store, name: str, where: str) -> list[Row]:
    try:
        text = store.read(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SparringError(f"{where} is not UTF-8 text: save it as such") from error
    if name.endswith(".csv"):
        return _csv(text, where)
    lines = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    rows = [(number, _json(line.encode(), f"{where} line {number}")) for number, line in lines]
    for number, row in rows:
        if not isinstance(row, dict):
            raise SparringError(f"{where} line {number} is not an object: write one {{...}} a line")
    return [row for _, row in rows]


def _csv(text: str, where: str) -> list[Row]:
    try:
        return [_csv_row(row) for row in csv.DictReader(io.StringIO(text, newline=""))]
    except csv.Error as error:
        raise SparringError(f"{where} is not a table that can be read ({error}): correct it") from error


def _csv_row(row: dict[str | None, Any]) -> Row:
    """Cells of figures are numbers, empty ones nothing; names and captions are text whatever they look like."""
    named = {column: cell for column, cell in row.items() if column is not None}
    return {column: cell if column in ("file_name", "text") else _number(cell) for column, cell in named.items()}


def _number(cell: str | None) -> int | str | None:
    figures = cell is not None and cell.removeprefix("-").isdecimal() and len(cell) < 20
    return int(cell) if cell and figures else cell or None


def _json(data: bytes, where: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SparringError(f"{where} is not JSON that can be read ({one_line(error)}): correct it") from error


def _of_split(rows: list[Row], split: str, where: str) -> tuple[list[Row], tuple[str, ...]]:
    """Rows whose files lie in the folder of a split, where all files of the table do."""
    heads = [str(row.get("file_name", "")).partition("/")[:2] for row in rows]
    if not rows or not all(slash and head.lower() in SPLITS for head, slash in heads):
        whole([], split, where)
        return rows, ()
    parts = [SPLITS[head.lower()] for head, _ in heads]
    wanted = SPLITS.get(split.lower(), split)
    choose(dict.fromkeys(parts), wanted, where)
    return [row for row, part in zip(rows, parts, strict=True) if part == wanted], tuple(sorted(set(parts)))


def inner(name: object, where: str) -> str:
    """A file name of a table, which must not point outside of the set.

    Raises:
        SparringError: it does, or is none.
    """
    if not isinstance(name, str) or not name:
        raise SparringError(f"{where}: a row has no file_name: each row needs the name of its picture")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise SparringError(f"{where}: file_name {printable(name)!r} points outside of the set: refused")
    return str(path)


def _pairs(pairs: Any, where: str, start: str) -> dict[str, Any]:
    labelled: dict[str, Any] = {}
    for pair in pairs if isinstance(pairs, list) else [None]:
        if not (isinstance(pair, list) and len(pair) == 2):
            raise BadLabels(f'{where}: labels must be null or [["name.png", 0], ...]')
        if isinstance(pair[1], list):
            raise SparringError(
                f"{where}: the label of {pair[0]!r} is a vector: only class numbers are known; set labels to null"
            )
        labelled[start + inner(pair[0], where)] = pair[1]
    return labelled
