"""Any set to the exchange format of the field: a zip of PNG files with StyleGAN's `dataset.json`."""

import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from sparring.config import Data
from sparring.data import deep
from sparring.data.dataset import Dataset, open_dataset
from sparring.data.parallel import Announce, Progress, silent
from sparring.errors import SparringError, UsageError

_AT_ONCE = 256
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same pictures make the same file, whenever it is written


def convert(path: str, destination: Path, config: Data, announce: Announce = silent) -> int:
    """Write the pictures at `path`, prepared as `config` says, to a new zip; nothing is left behind by a failure.

    Args:
        path: what `data.path` would be; it replaces that of `config`.
        destination: a file name ending in `.zip` that does not exist yet.
        config: size, fit, filter, channels, split and skip_bad.
        announce: is told, in a line, how far a long conversion is.

    Returns:
        The number of pictures written.

    Raises:
        UsageError: the destination exists or is no zip, or the set cannot be written as PNG.
        SparringError: the set is damaged, or the disk refuses.
    """
    if destination.suffix.lower() != ".zip":
        raise UsageError(f"{destination}: a converted set is one zip file: give a name that ends in .zip")
    if destination.exists():
        raise UsageError(f"{destination}: exists already: choose another name or remove it")
    # Read as a set that does not fit into memory: a conversion needs each picture once.
    dataset = open_dataset(config.model_copy(update={"path": path, "memory_gb": 0.0}), announce)
    _check_depth(dataset)
    with _whole_or_nothing(destination) as unfinished, zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
        names = list(_write(dataset, archive, announce))
        labels = None if dataset.labels is None else list(zip(names, dataset.labels.tolist(), strict=True))
        table = {"labels": labels, **({"classes": dataset.spec.classes} if dataset.spec.classes else {})}
        archive.writestr(zipfile.ZipInfo("dataset.json", _LONG_AGO), json.dumps(table))
    return len(dataset)


def _check_depth(dataset: Dataset) -> None:
    if (dataset.spec.channels, dataset.spec.bits) not in ((1, 8), (3, 8), (1, 16), (3, 16)):
        what = f"{dataset.spec.channels} channels of {dataset.spec.bits} bits"
        raise UsageError(f"{dataset.title}: {what} cannot be written as PNG: keep the array file")


def _write(dataset: Dataset, archive: zipfile.ZipFile, announce: Announce) -> Iterator[str]:
    progress = Progress("converting pictures", len(dataset), announce)
    for start in range(0, len(dataset), _AT_ONCE):
        rows = dataset.rows(np.arange(start, min(start + _AT_ONCE, len(dataset)), dtype=np.int64))
        for index, row in enumerate(rows, start):
            name = f"{index // 1000:05d}/img{index:08d}.png"
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), _png(row))
            yield name
        progress.at(start + len(rows))


def _png(row: Tensor) -> bytes:
    pixels = row.permute(1, 2, 0).numpy()
    if pixels.dtype == np.uint16:
        return deep.png(pixels)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)).save(buffer, "PNG")
    return buffer.getvalue()


@contextmanager
def _whole_or_nothing(destination: Path) -> Iterator[Path]:
    """A temporary name that becomes the real one at the end, or disappears."""
    unfinished = destination.with_name(f".{destination.name}.{os.getpid()}")
    try:
        yield unfinished
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(destination)
    except OSError as error:
        raise SparringError(f"{destination}: cannot be written: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
