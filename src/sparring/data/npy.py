"""One picture as one array, `.npy`: [height, width] or [height, width, channels] of whole numbers."""

from collections.abc import Sequence
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sparring.data.sources import Header
from sparring.data.stores import Store

ENDING = ".npy"
_MAGIC = b"\x93NUMPY"
_BITS = {np.dtype(np.uint8): 8, np.dtype(np.uint16): 16}


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
    if kind not in _BITS and not (numbers and kind.kind in "iu"):
        raise ValueError(f"pixels of {kind}: pictures are uint8 or uint16")
    channels = shape[2] if len(shape) == 3 else 1
    return Header(shape[0], shape[1], channels, _BITS.get(kind, 16), mode=f"array {kind}")


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


def pictures_among(store: Store) -> Sequence[str]:
    """The arrays of a set that has one for each picture; none where they hold many pictures each, or something else.

    The first one tells: a picture is two-dimensional, or has fewer channels than pixels a side.
    """
    files = [name for name in store.names if name.lower().endswith(ENDING)]
    if len(files) < 2:
        return []
    with store.open(files[0]) as stream:
        if not is_array(stream):
            return []
        shape, _ = _head(stream)
    return files if len(shape) == 2 or (len(shape) == 3 and shape[2] < min(shape[:2])) else []


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
