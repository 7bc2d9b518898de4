"""What lies where in a tar: one pass over its headers, remembered for as long as the tar stays as it is."""

import hashlib
import json
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sparring import files
from sparring.data.sources import one_line, printable
from sparring.data.stores import base, litter, points_outside
from sparring.errors import SparringError

REMEMBERED = 16 << 20
"""Bytes of a tar from which on its index is kept in the user's store; a smaller one is read again as fast."""
LARGEST_LABEL = 1 << 20
_VERSION = 1
_BLOCK = tarfile.BLOCKSIZE
# what foreign bytes make `tarfile` raise, numbers that no file has among it
_DAMAGE = (tarfile.TarError, EOFError, ValueError, OverflowError, MemoryError, RecursionError)


@dataclass
class Index:
    """The files of one tar, in the order in which they lie.

    Attributes:
        places: name -> where its bytes start, and how many there are.
        labels: the name of a `.cls` or `.json` file -> the class that it states; None where it states none.
        unclear: the name of such a file -> why nothing can be made of it.
    """

    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    labels: dict[str, int | str | None] = field(default_factory=dict)
    unclear: dict[str, str] = field(default_factory=dict)


def index_of(path: Path) -> Index:
    """The files of the tar at `path`; hidden ones are left out.

    Raises:
        SparringError: it is no tar, is cut short or damaged, or holds what is no file of its own.
        OSError: it cannot be read.
    """
    there = path.stat()
    stamp = {"version": _VERSION, "path": str(path.resolve()), "size": there.st_size, "changed": there.st_mtime_ns}
    place = files.store() / "tars" / f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:32]}.json"
    if there.st_size < REMEMBERED:
        return _scanned(path)
    index = _recalled(place, stamp)
    if index is None:
        index = _scanned(path)
        with suppress(SparringError, OSError):  # without a store, the tar is read again next time
            place.parent.mkdir(parents=True, exist_ok=True)
            rows = [[name, *at] for name, at in index.places.items()]
            content = {"stamp": stamp, "files": rows, "labels": index.labels, "unclear": index.unclear}
            files.write(place, json.dumps(content))
    return index


def _recalled(place: Path, stamp: dict[str, Any]) -> Index | None:
    """What was found earlier; None where nothing was, or the tar has changed since."""
    try:
        content = json.loads(place.read_bytes())
        if content["stamp"] != stamp:
            return None
        places = {str(name): (int(start), int(size)) for name, start, size in content["files"]}
        inside = all(start >= 0 and size >= 0 and start + size <= stamp["size"] for start, size in places.values())
        return Index(places, dict(content["labels"]), dict(content["unclear"])) if inside else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _scanned(path: Path) -> Index:
    index = Index()
    with path.open("rb") as file:
        for member in _members(path, file):
            name = member.name.removeprefix("./")
            _refuse(member, name, path)
            if member.isdir() or any(map(litter, name.split("/"))):
                continue
            index.places[name] = member.offset_data, member.size
            ending = ending_of(name)
            if ending in ("cls", "json"):
                _note_label(index, name, ending, _content(file, member))
    return index


def ending_of(name: str) -> str:
    """What tells the files of one sample apart: all behind the first dot, in small letters.

    >>> ending_of("a.b/000017.seg.PNG")
    'seg.png'
    """
    return base(name).partition(".")[2].lower()


def _members(path: Path, file: BinaryIO) -> Iterator[tarfile.TarInfo]:
    """All headers.

    Raises:
        SparringError: there is no tar, or not the whole of one: `tarfile` takes a damaged header for the end.
    """
    try:
        tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115, the file is the caller's
        last = -1
        while (member := tar.next()) is not None:
            if member.size < 0 or member.offset <= last:
                raise tarfile.ReadError("a file of negative size")
            last = member.offset
            tar.members = []  # type: ignore[attr-defined]  # it would keep every header
            yield member
    except _DAMAGE as error:
        said = f"{path}: not a complete tar ({one_line(error)})"
        raise SparringError(f"{said}: copy it again, or uncompress it if it is compressed") from error
    file.seek(tar.offset)
    if file.read(_BLOCK) != bytes(_BLOCK):
        raise SparringError(
            f"{path}: not a complete tar (its end is missing or damaged, {tar.offset:,} bytes in): copy it again"
        )


def _refuse(member: tarfile.TarInfo, name: str, path: Path) -> None:
    if points_outside(name):
        raise SparringError(f"{path}: entry {printable(name)!r} points outside of the archive: refused")
    if member.issym() or member.islnk():
        raise SparringError(f"{path}: entry {printable(name)!r} is a link: refused; pack the file itself")
    if not (member.isreg() or member.isdir()) or member.issparse():
        raise SparringError(f"{path}: entry {printable(name)!r} is no plain file: refused")


def _content(file: BinaryIO, member: tarfile.TarInfo) -> bytes | None:
    if member.size > LARGEST_LABEL:
        return None
    file.seek(member.offset_data)
    return file.read(member.size)


def _note_label(index: Index, name: str, ending: str, content: bytes | None) -> None:
    try:
        if content is None:
            raise ValueError(f"holds more than {LARGEST_LABEL:,} bytes")
        index.labels[name] = (_class_in if ending == "cls" else _label_in)(content.decode("utf-8-sig"))
    except ValueError as error:
        index.unclear[name] = one_line(error)


def _class_in(text: str) -> int | str:
    """A class by its number or its name.

    >>> _class_in("7 "), _class_in("tabby cat")
    (7, 'tabby cat')
    """
    text = text.strip()
    if not text or len(text.splitlines()) > 1:
        raise ValueError("is not one class: write its number or its name")
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 20 else text


def _label_in(text: str) -> int | str | None:
    """The class that a table of one sample states.

    >>> _label_in('{"class": "cat"}'), _label_in('{"width": 640}')
    ('cat', None)
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON that can be read ({one_line(error)})") from error
    label = found.get("label", found.get("class")) if isinstance(found, dict) else None
    if isinstance(label, bool):
        return json.dumps(label)
    if label is not None and not isinstance(label, int | str):
        raise ValueError(f"its label {json.dumps(label)[:40]} is neither a class number nor a class name")
    return label
