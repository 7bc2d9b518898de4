"""From a path or a name to a source, without flags: what lies there says what it is."""

from pathlib import Path

from sparring.data import builtin
from sparring.data.archives import open_archive
from sparring.data.arrays import open_array_file
from sparring.data.cifar import find_cifar, open_cifar_file
from sparring.data.folders import open_pictures, whole, wrapper
from sparring.data.idx import find_idx, is_idx, open_idx_file
from sparring.data.metadata import find_tables, open_stylegan, open_table, with_classes
from sparring.data.npy import pictures_among
from sparring.data.sources import Source
from sparring.data.stores import Folder, Store, is_picture, open_folder
from sparring.data.svhn import find_svhn, open_svhn_file
from sparring.errors import SparringError, UsageError, did_you_mean


def open_source(
    path: str, split: str = "train", size: tuple[int, int] | None = None, label: str | None = None
) -> Source:
    """The pictures at `path`, as they are stored.

    An embedded name (`digits`, `shapes`, `ring8`, `grid25`) wins over a folder of that name; `./digits` is the folder.

    Args:
        path: a folder, a zip, an array file, the name of an embedded set or of a real one.
        split: the part of the set where it has parts.
        size: (height, width) that rendered pictures are made at; others keep the size they have.
        label: the column of the set's metadata table that names the classes; None: `label`, where there is one.

    Raises:
        UsageError: there is no such thing, split or column; the message suggests the nearest name.
        SparringError: what is there is damaged or not a set of pictures.

    >>> len(open_source("digits"))
    1797
    """
    if path in builtin.EMBEDDED:
        return with_classes(builtin.EMBEDDED[path](split, size), label)
    try:
        return with_classes(_at(find_data(path), split), label)
    except OSError as error:
        raise SparringError(
            f"{error.filename or path}: {error.strerror or error}: check the disk and who may read it"
        ) from error


def find_data(path: str) -> Path:
    """Where a set lies that is no embedded one.

    Raises:
        UsageError: nowhere; the message suggests the nearest name.
    """
    there = Path(path).expanduser()
    if there.exists():
        return there
    if path in builtin.REAL:
        return builtin.find_real(path)
    known = {*builtin.EMBEDDED, *builtin.REAL, *_neighbours(there)}
    remedy = did_you_mean(path, known)
    if not remedy.startswith("did"):
        remedy = f"embedded sets: {', '.join(builtin.EMBEDDED)}"
    raise UsageError(f"no data at {path!r}: {remedy}")


def _neighbours(path: Path) -> list[str]:
    try:
        return [str(path.parent / entry.name) for entry in path.parent.iterdir()][:10000]
    except OSError:
        return []


def open_store(path: Path) -> Store | None:
    """The files of a folder or zip; None where it is neither."""
    if path.is_dir():
        return open_folder(path)
    return open_archive(path) if path.suffix.lower() == ".zip" else None


def _at(path: Path, split: str) -> Source:
    if path.is_dir():
        return _folder(open_folder(path), split)
    if not path.is_file():
        raise UsageError(f"{path}: is neither a file nor a folder: name one of these")
    if path.suffix.lower() == ".zip":
        archive = open_archive(path)
        source = _pictures(archive, split)
        return open_pictures(archive, split) if source is None else source
    if path.suffix.lower() in (".npy", ".npz"):
        return open_array_file(path, split)
    return _file(path, split)


def _folder(store: Folder, split: str) -> Source:
    for read in (_pictures, find_idx, find_cifar, find_svhn, _arrays, _array):
        source = read(store, split)
        if source is not None:
            return source
    return open_pictures(store, split)  # says what is there instead


def _pictures(store: Store, split: str) -> Source | None:
    """Pictures, in the order of trust: a table that describes them, then the folders they lie in."""
    if not store.names:
        return None
    start = wrapper(store.names)
    if f"{start}dataset.json" in store.names:
        return open_stylegan(store, start, split)
    if tables := find_tables(store, start):
        return open_table(store, tables, split)
    return open_pictures(store, split) if any(map(is_picture, store.names)) else None


def _arrays(store: Folder, split: str) -> Source | None:
    return open_pictures(store, split) if pictures_among(store) else None


def _array(store: Folder, split: str) -> Source | None:
    files = [name for name in store.names if name.endswith((".npz", ".npy"))]
    if len(files) > 1:
        raise UsageError(f"{store.path}: {len(files)} array files lie here: name one, such as {store.path / files[0]}")
    return open_array_file(store.path / files[0], split) if files else None


def _file(path: Path, split: str) -> Source:
    whole([], split, str(path))
    batch = open_cifar_file(path)
    if batch is not None:
        return batch
    if path.name.endswith(".mat"):
        return open_svhn_file(path)
    if is_idx(path):
        return open_idx_file(path)
    if is_picture(path.name):
        raise UsageError(f"{path}: is one picture: name the folder {path.parent} that it lies in")
    kinds = "a folder or zip of pictures, .npz, .npy, IDX, CIFAR and SVHN files"
    raise UsageError(f"{path}: not a data set that is recognised ({kinds}): unpack or convert it")
