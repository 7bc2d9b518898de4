"""CIFAR-10 and CIFAR-100 as published: python batches (parsed without running them) and the binary version."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.data.arrays import ArraySource, from_arrays
from sparring.data.folders import choose
from sparring.data.sources import BadLabels
from sparring.data.stores import Folder, base
from sparring.data.unpickle import unpickle
from sparring.errors import SparringError

_TRAIN = [f"data_batch_{n}" for n in range(1, 6)]
# what it is -> split -> the files of it; the names of classes
_VERSIONS = {
    "CIFAR-10 python batches": ({"train": _TRAIN, "test": ["test_batch"]}, "batches.meta"),
    "CIFAR-10 binary version": (
        {"train": [f"{n}.bin" for n in _TRAIN], "test": ["test_batch.bin"]},
        "batches.meta.txt",
    ),
    "CIFAR-100 binary version": ({"train": ["train.bin"], "test": ["test.bin"]}, "fine_label_names.txt"),
    "CIFAR-100 python batches": ({"train": ["train"], "test": ["test"]}, "meta"),
}


def find_cifar(store: Folder, split: str) -> ArraySource | None:
    """The published CIFAR files of a folder; None where there are none.

    Raises:
        SparringError: a file is damaged or is a pickle that asks for more than numbers.
        UsageError: there is no such split.
    """
    names = {base(name): store.path / name for name in store.names}
    for kind, (splits, meta) in _VERSIONS.items():
        present = {part: [file for file in files if file in names] for part, files in splits.items()}
        present = {part: files for part, files in present.items() if files}
        if present and (kind != "CIFAR-100 python batches" or meta in names):
            files = [names[file] for file in choose(present, split, str(store.path))]
            return _source(files, names.get(meta), kind, tuple(present), store.path)
    return None


def open_cifar_file(path: Path) -> ArraySource | None:
    """The pictures of one published file; None where its name is not one of those."""
    for kind, (splits, meta) in _VERSIONS.items():
        names = path.parent / meta
        if any(path.name in files for files in splits.values()) and (
            kind != "CIFAR-100 python batches" or names.is_file()
        ):
            return _source([path], names if names.is_file() else None, kind, (), path)
    return None


def _source(files: list[Path], meta: Path | None, kind: str, splits: tuple[str, ...], where: Path) -> ArraySource:
    read = _read_binary if "binary" in kind else _read_batch
    batches = [read(path, 2 if "100" in kind else 1) for path in files]
    planes = np.concatenate([planes for planes, _ in batches]).reshape(-1, 3, 32, 32)
    labels = np.concatenate([labels for _, labels in batches])
    source = from_arrays(planes.transpose(0, 2, 3, 1), labels, str(where), kind, splits)
    names = () if meta is None else _names(meta)
    if len(names) >= len(source.classes):
        source.classes = names
    elif names:
        raise BadLabels(f"{where}: label {len(source.classes) - 1} is out of range: {meta} names {len(names)} classes")
    return source


def _read_batch(path: Path, label_bytes: int) -> tuple[NDArray[Any], NDArray[Any]]:
    table = unpickle(path)
    data, labels = table.get("data"), table.get("labels", table.get("fine_labels"))
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (3072,):
        raise SparringError(f"{path}: not a batch of CIFAR: it has no 'data' of [N, 3072] bytes")
    if not isinstance(labels, list) or not all(isinstance(label, int) for label in labels):
        raise SparringError(f"{path}: not a batch of CIFAR: it has no 'labels' or 'fine_labels'")
    if len(labels) != len(data):
        raise BadLabels(f"{path}: {len(labels)} labels for {len(data)} pictures: each picture needs one")
    return data, np.array(labels, np.int64)


def _read_binary(path: Path, label_bytes: int) -> tuple[NDArray[Any], NDArray[Any]]:
    data = np.fromfile(path, np.uint8)
    if not len(data) or len(data) % (label_bytes + 3072):
        raise SparringError(f"{path}: {len(data):,} bytes is no multiple of {label_bytes + 3072}: copy it again")
    rows = data.reshape(-1, label_bytes + 3072)
    return rows[:, label_bytes:], rows[:, label_bytes - 1]  # CIFAR-100: coarse label, then fine


def _names(meta: Path) -> tuple[str, ...]:
    if meta.suffix == ".txt":
        return tuple(meta.read_text("utf-8", "replace").split())
    table = unpickle(meta)
    names = table.get("label_names", table.get("fine_label_names", []))
    return tuple(name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in names)
