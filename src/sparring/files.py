"""Files and folders that are there whole or not at all, and the folder for what is kept beyond a run."""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Any

from sparring.errors import SparringError


def store() -> Path:
    """The folder for what is kept beyond a run: `$SPARRING_HOME`, or `sparring` in the user's cache folder.

    The one place that reads these variables.
    """
    home = os.environ.get("SPARRING_HOME")
    if home:
        return Path(home)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sparring"


def write(path: Path, content: bytes | str) -> None:
    """Put a file in place in one move: under a temporary name first, flushed to the disk, then renamed.

    Raises:
        SparringError: the disk is full or the folder cannot be written; whatever was at `path` is still there.
    """
    with new_file(path) as temporary, temporary.open("xb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def write_json(path: Path, content: Any) -> None:
    """`write` of an indented JSON text."""
    write(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary name to write to, which becomes `path` at the end, in one move; after an error nothing has changed.

    Raises:
        SparringError: the disk is full or the folder cannot be written; whatever was at `path` is still there.
    """
    temporary = _beside(path)
    try:
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from error


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder to fill, which becomes `path` at the end, in one move; after an error nothing has changed.

    Raises:
        SparringError: there is something at `path` in the end, the disk is full, or the place cannot be written.
    """
    temporary = _beside(path)
    try:
        try:
            temporary.mkdir(parents=True)
            yield temporary
            _flush(temporary)
            temporary.rename(path)
            _flush(path.parent)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from error


def make_folder(path: Path) -> None:
    """Make a folder, if there is none.

    Raises:
        SparringError: the disk is full or the place cannot be written.
    """
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def remove(path: Path) -> None:
    """Remove what is there, if anything is: out of sight in one move, so that half of it is never taken for the whole.

    Raises:
        SparringError: the folder that it lies in cannot be written.
    """
    try:
        if path.is_dir():
            shutil.rmtree(path.rename(_beside(path)))
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def rename(path: Path, name: str) -> Path:
    """Give a file or folder another name beside it, in one move; what has that name is removed.

    Raises:
        SparringError: the folder that it lies in cannot be written.
    """
    remove(path.with_name(name))
    try:
        return path.rename(path.with_name(name))
    except OSError as error:
        raise unwritable(path, error) from error


def sweep(folder: Path) -> None:
    """Remove what a kill left half-written in a folder."""
    for leftover in folder.glob(".*.part"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> SparringError:
    """The same error as one clear line."""
    remedy = "free some space" if error.errno in (ENOSPC, EDQUOT) else "choose another place"
    return SparringError(f"cannot write {path}: {error.strerror or error}; {remedy}")


def sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def _flush(folder: Path) -> None:
    # a rename is on the disk only when its folder is; some file systems, and Windows, have no such call
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        with suppress(OSError):
            os.fsync(handle)
        os.close(handle)
