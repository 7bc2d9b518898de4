"""Street View House Numbers as published: `train_32x32.mat` and its siblings."""

from pathlib import Path

import numpy as np

from sparring.data.arrays import ArraySource, from_arrays
from sparring.data.folders import choose
from sparring.data.sources import BadLabels, one_line
from sparring.data.stores import Folder, base
from sparring.errors import SparringError


def find_svhn(store: Folder, split: str) -> ArraySource | None:
    """The published files of a folder (splits train, test, extra); None where there are none.

    Raises:
        SparringError: the file is damaged.
        UsageError: there is no such split.
    """
    files = {base(n).removesuffix("_32x32.mat"): n for n in store.names if n.endswith("_32x32.mat")}
    if not files:
        return None
    return open_svhn_file(store.path / choose(files, split, str(store.path)), tuple(files))


def open_svhn_file(path: Path, splits: tuple[str, ...] = ()) -> ArraySource:
    """The pictures `X` [32, 32, 3, N] and labels `y` (1 .. 10, where 10 is the digit 0) of one file.

    Raises:
        SparringError: the file is damaged or holds something else.
    """
    from scipy.io import loadmat

    try:
        table = loadmat(path, variable_names=["X", "y"])
    except Exception as error:  # the parser raises whatever the bytes make it
        raise SparringError(f"{path}: not a MATLAB file that can be read ({one_line(error)}): copy it again") from error
    if "X" not in table or "y" not in table or table["X"].ndim != 4:
        raise SparringError(f"{path}: not a file of SVHN: it needs X [32, 32, 3, N] and y [N, 1]")
    digits = table["y"].reshape(-1).astype(np.int64) % 10 if np.all((table["y"] >= 1) & (table["y"] <= 10)) else None
    if digits is None:
        raise BadLabels(f"{path}: a label is out of range 1 .. 10")
    source = from_arrays(table["X"].transpose(3, 0, 1, 2), digits, str(path), "SVHN .mat", splits)
    source.classes = tuple("0123456789")
    return source
