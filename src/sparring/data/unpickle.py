"""The published CIFAR pickles, read without the power to run code: plain containers and number arrays, nothing else."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.data.sources import one_line
from sparring.errors import SparringError


class _Kind:
    """Stands in for `numpy.dtype`: remembers a code of plain numbers and a byte order."""

    def __init__(self, code: str | bytes, *_: object) -> None:
        self.code = code.decode("ascii") if isinstance(code, bytes) else code
        if self.code not in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"):
            raise pickle.UnpicklingError(f"an array of {self.code!r}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        self.code = (order if order in "<>" else "") + self.code


class _Array:
    """Stands in for `numpy.ndarray`: builds the array from a shape and bytes."""

    array: NDArray[Any]

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, columns_first, data = state
        flat = np.frombuffer(data, np.dtype(kind.code))
        self.array = flat.reshape(shape, order="F" if columns_first else "C")


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _encode(text: str, encoding: str) -> bytes:
    return text.encode("latin-1") if encoding in ("latin1", "latin-1") else text.encode("ascii")


# Not one function of another library: whatever a file asks for, it gets these.
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Kind,
    ("_codecs", "encode"): _encode,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """One of the stand-ins, or a refusal."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which could run code")
        return _ALLOWED[module, name]


def unpickle(path: Path) -> dict[str, Any]:
    """The dictionary of a pickle: lists, strings, numbers, and arrays of numbers.

    Raises:
        SparringError: the file is damaged, or it asks for anything else.
    """
    try:
        table = _Reader(io.BytesIO(path.read_bytes()), encoding="bytes").load()
    except Exception as error:  # a foreign pickle can fail in any way
        raise SparringError(f"{path}: refused as a pickle of pictures: {one_line(error)}") from error
    if not isinstance(table, dict):
        raise SparringError(f"{path}: not a batch of CIFAR: the pickle holds no dictionary")
    return {_text(key): value.array if isinstance(value, _Array) else value for key, value in table.items()}


def _text(key: object) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)
