"""Pictures in one array, `.npy` or `.npz`: NHWC or NHW, 8 or 16 bit, any number of channels; or points of the plane."""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.data.folders import choose, whole
from sparring.data.sources import Header, Source, check_labels, numbered, one_line
from sparring.errors import SparringError

_BITS = {"uint8": 8, "uint16": 16, "float32": 32}


@dataclass(kw_only=True)
class ArraySource(Source):
    """Pictures in one array.

    Attributes:
        array: [N, height, width, channels], uint8, uint16 or (points) float32.
        title: the file, for messages.
    """

    array: NDArray[Any]
    title: str

    def __len__(self) -> int:
        return len(self.array)

    def name(self, index: int) -> str:
        """The file and the row of a picture."""
        return f"{self.title}[{index}]"

    def weight(self, index: int) -> int:
        """The bytes of one row."""
        return self.array.nbytes // max(len(self.array), 1)

    def look(self, index: int) -> Header:
        """The header that all rows share."""
        _, height, width, channels = self.array.shape
        return Header(height, width, channels, _BITS[self.array.dtype.name], mode=self.array.dtype.name)

    def read(self, index: int) -> NDArray[Any]:
        """One row, HWC."""
        row: NDArray[Any] = self.array[index]
        return row


# split -> the names of pictures and labels, the first that is there; '' where the file has no splits
_NAMES = (
    {"": ("images", "labels")},
    {"": ("arr_0", "arr_1")},
    {part: (f"x_{part}", f"y_{part}") for part in ("train", "val", "test")},
    {part: (f"{part}_images", f"{part}_labels") for part in ("train", "val", "test")},
)


def open_array_file(path: Path, split: str) -> ArraySource:
    """The pictures (`arr_0`, `images`, `x_train`, `train_images`) and labels of an `.npy` or `.npz` file.

    Objects are never unpickled.

    Raises:
        SparringError: the file is damaged, or no array in it has the shape and type of pictures.
        UsageError: the file has no such split.
    """
    try:
        splits: tuple[str, ...] = ()
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            whole([], split, str(path))
            arrays = {"arr_0": loaded}
        else:
            with loaded:
                arrays, splits = _members(loaded, split, path)
    except (ValueError, EOFError, SyntaxError, zlib.error, zipfile.BadZipFile) as error:
        raise SparringError(
            f"{path}: not an array file that can be read without unpickling objects ({one_line(error)})"
        ) from error
    return from_arrays(arrays["arr_0"], arrays.get("arr_1"), str(path), path.suffix, splits)


def from_arrays(
    images: NDArray[Any], labels: NDArray[Any] | None, where: str, kind: str, splits: tuple[str, ...] = ()
) -> ArraySource:
    """Check the shape and type of two arrays and make a source of them.

    Args:
        images: NHWC or NHW, uint8, uint16 or bool; or points, [N, 2] floating point in [-1, 1].
        labels: [N] or [N, 1], whole numbers.
        where: the file, for messages.
        kind: what the file is, for the layout sentence.
        splits: the parts that the file has.

    Raises:
        SparringError: an array is not of that kind; the message says what to do.

    >>> from_arrays(np.zeros((5, 8, 8), np.uint8), None, "x.npy", ".npy").layout
    '.npy array: 5 pictures of 8x8, 1 channel, 8 bit'
    """
    array = _pictures(images, where)
    checked = None if labels is None else check_labels(labels, len(array), where)
    classes = () if checked is None else numbered(checked)
    return ArraySource(
        layout=_sentence(array, kind, len(classes)),
        classes=classes,
        labels=checked,
        splits=splits,
        array=array,
        title=where,
    )


def _members(
    file: Mapping[str, NDArray[Any]], split: str, path: Path
) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    if "mu" in file and "sigma" in file:
        raise SparringError(f"{path}: holds statistics (mu, sigma), not pictures: name the pictures themselves")
    present = ({part: pair for part, pair in names.items() if pair[0] in file} for names in _NAMES)
    pairs = next(filter(None, present), None)
    if pairs is None:
        found = ", ".join(sorted(file)) or "nothing"
        raise SparringError(
            f"{path}: no array named images or arr_0 (found: {found}): save the pictures under that name"
        )
    images, labels = pairs[""] if "" in pairs else choose(pairs, split, str(path))
    if "" in pairs:
        whole([], split, str(path))
    splits = () if "" in pairs else tuple(pairs)
    return {"arr_0": file[images], **({"arr_1": file[labels]} if labels in file else {})}, splits


def _pictures(array: NDArray[Any], where: str) -> NDArray[Any]:
    if array.dtype.kind == "f":
        return _points(array, where)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype.name not in ("uint8", "uint16"):
        raise SparringError(f"{where}: {array.dtype} numbers: save pictures as uint8 (0 .. 255) or uint16 (0 .. 65535)")
    if array.ndim == 3:
        array = array[:, :, :, None]
    if array.ndim != 4 or 0 in array.shape[1:]:
        raise SparringError(
            f"{where}: shape {array.shape}: pictures are [N, height, width] or [N, height, width, channels]"
        )
    if array.shape[1] in (1, 3) and min(array.shape[2:]) > 4:
        raise SparringError(f"{where}: shape {array.shape} has its channels first: save numpy.moveaxis(array, 1, -1)")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _points(array: NDArray[Any], where: str) -> NDArray[Any]:
    if array.ndim != 2 or array.shape[1] != 2:
        span = "[-1, 1]: save ((array + 1) * 127.5)" if array.size and array.min() < 0 else "[0, 1]: save (array * 255)"
        raise SparringError(
            f"{where}: floating-point pictures are not guessed at; if they lie in {span}.round().astype('uint8')"
        )
    wrong = np.flatnonzero(~np.isfinite(array).all(1))
    if len(wrong):
        raise SparringError(f"{where}: point {wrong[0]} is not finite ({len(wrong)} such points): leave them out")
    if np.abs(array).max(initial=0) > 1:
        raise SparringError(f"{where}: points reach {np.abs(array).max():.3g}: scale them to lie inside [-1, 1]")
    return array.astype(np.float32).reshape(-1, 1, 1, 2)


def _sentence(array: NDArray[Any], kind: str, classes: int) -> str:
    count, height, width, channels = array.shape
    labels = f", {classes} classes" if classes else ""
    if array.dtype == np.float32:
        return f"{kind} array: {count} points of the plane{labels}"
    deep = f"{channels} channel{'' if channels == 1 else 's'}, {_BITS[array.dtype.name]} bit"
    return f"{kind} array: {count} pictures of {width}x{height}, {deep}{labels}"
