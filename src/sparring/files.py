"""Files that are there whole or not at all."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from sparring.errors import SparringError


def write(path: Path, content: bytes | str) -> None:
    """Put a file in place in one move: under a temporary name first, flushed to the disk, then renamed.

    Raises:
        SparringError: the disk is full or the folder cannot be written; whatever was at `path` is still there.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes files that only their owner may read
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from error


def write_json(path: Path, content: Any) -> None:
    """`write` of an indented JSON text."""
    write(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def unwritable(path: Path, error: OSError) -> SparringError:
    """The same error as one clear line."""
    return SparringError(f"cannot write {path}: {error.strerror or error}; free some space or choose another folder")


def sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
