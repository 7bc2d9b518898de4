"""One picture as one array, `.npy`: [height, width] or [height, width, channels] of whole numbers."""

from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sparring.data.sources import Header
from sparring.data.stores import Store

ENDING = ".npy"
BITS = {np.dtype(np.uint8): 8, np.dtype(np.uint16): 16}
"""Types that pictures have."""
_MAGIC = b"\x93NUMPY"
_MANY, _LONG = 8, 8
"""So many arrays or more are one picture each, if the sides of these differ by no more than so many times."""


def is_array(stream: BinaryIO) -> bool:
    """Whether a file is an array, by its first bytes; the stream is at its start again."""
    found = stream.read(len(_MAGIC)) == _MAGIC
    stream.seek(0)
    return found


def look(stream: BinaryIO, numbers: bool = False) -> Header:
    """The header of a picture; its pixels stay unread.

    Args:
        stream: the file.
        numbers: whether it is a map of classes, whose numbers may be of any whole type.

    Raises:
        ValueError: it is no array, or none that is a picture.
    """
    shape, kind = _head(stream)
    if len(shape) not in (2, 3) or 0 in shape:
        raise ValueError(f"an array of shape {shape}: a picture is [height, width, channels]")
    if kind not in BITS and not (numbers and kind.kind in "iu"):
        raise ValueError(f"pixels of {kind}: pictures are uint8 or uint16")
    channels = shape[2] if len(shape) == 3 else 1
    return Header(shape[0], shape[1], channels, BITS.get(kind, 16), mode=f"array {kind}")


def read(stream: BinaryIO) -> NDArray[Any]:
    """[H, W, C] of the machine's own byte order; nothing is made that is larger than the file.

    Raises:
        ValueError: it is no array of numbers, its end is missing, or it is no picture.
    """
    shape, kind = _head(stream)
    begin = stream.tell()
    if prod(shape) * kind.itemsize > stream.seek(0, 2) - begin:
        raise ValueError("its end is missing")
    stream.seek(0)
    array: NDArray[Any] = np.load(stream, allow_pickle=False)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise ValueError(f"an array of shape {array.shape}: a picture is [height, width, channels]")
    return array


def as_numbers(array: NDArray[Any]) -> NDArray[Any]:
    """The same numbers of a map as uint8 or uint16.

    Raises:
        ValueError: they are no whole numbers that fit.

    >>> as_numbers(np.array([[0, 300]])).dtype
    dtype('uint16')
    """
    if array.dtype in BITS:
        return array
    least, most = (0, 0) if not array.size else (array.min(), array.max())
    if array.dtype.kind not in "iu" or least < 0 or most > 65535:
        raise ValueError(f"{array.dtype} from {least} to {most}: a map of classes has whole numbers from 0 to 65535")
    return array.astype(np.uint16)


def pictures_among(store: Store) -> list[str]:
    """The arrays of a set that has one for each picture; none where they hold many pictures each, or something else.

    There are many of them, and the first that can be read has the shape of a picture: two sides that do not differ by
    much, and fewer channels than pixels a side.
    """
    files = [name for name in store.names if name.lower().endswith(ENDING)]
    if len(files) < _MANY:
        return []
    first = next(filter(None, (_header(store, name) for name in files)), None)
    if first is None or max(first.height, first.width) > _LONG * min(first.height, first.width):
        return []
    return files if first.channels < min(first.height, first.width) else []


def _header(store: Store, name: str) -> Header | None:
    try:
        with store.open(name) as stream:
            return look(stream)
    except (ValueError, OSError):
        return None


def _head(stream: BinaryIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and native type; the stream is then at the first number."""
    try:
        version = np.lib.format.read_magic(stream)
    except ValueError as error:
        raise ValueError("not a .npy array") from error
    read_header = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
    shape, _, kind = read_header(stream)
    if kind.hasobject:
        raise ValueError("holds objects of Python, not numbers: save it as uint8 or uint16")
    return shape, kind.newbyteorder("=")
