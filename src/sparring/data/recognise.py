"""From a path or a name to a source, without flags: what lies there says what it is."""

from collections.abc import Sequence
from pathlib import Path

from sparring.data import builtin
from sparring.data.archives import open_archive
from sparring.data.arrays import open_array_file
from sparring.data.cifar import find_cifar, open_cifar_file
from sparring.data.folders import open_pictures, whole, wrapper
from sparring.data.idx import find_idx, is_idx, open_idx_file
from sparring.data.metadata import find_tables, open_stylegan, open_table, with_classes
from sparring.data.npy import pictures_among
from sparring.data.parallel import Announce, silent
from sparring.data.shards import open_shards
from sparring.data.sources import Source
from sparring.data.stores import Folder, Store, is_picture, open_folder
from sparring.data.svhn import find_svhn, open_svhn_file
from sparring.data.tars import ENDING, Tars, is_pattern, matching, open_tars
from sparring.errors import SparringError, UsageError, did_you_mean


def open_source(
    path: str,
    split: str = "train",
    size: tuple[int, int] | None = None,
    label: str | None = None,
    announce: Announce = silent,
) -> Source:
    """The pictures at `path`, as they are stored.

    An embedded name (`digits`, `shapes`, `ring8`, `grid25`) wins over a folder of that name; `./digits` is the folder.

    Args:
        path: a folder, a zip, a tar, an array file, the name of an embedded set or of a real one; or a pattern of tars,
            such as `train-{0000..0012}.tar`.
        split: the part of the set where it has parts.
        size: (height, width) that rendered pictures are made at; others keep the size they have.
        label: the column of the set's metadata table that names the classes; None: `label`, where there is one.
        announce: is told, in a line, how far it is where many tars are looked through.

    Raises:
        UsageError: there is no such thing, split or column; the message suggests the nearest name.
        SparringError: what is there is damaged or not a set of pictures.

    >>> len(open_source("digits"))
    1797
    """
    if path in builtin.EMBEDDED:
        return with_classes(builtin.EMBEDDED[path](split, size), label)
    try:
        return with_classes(_at(find_data(path), split, announce), label)
    except OSError as error:
        raise SparringError(
            f"{error.filename or path}: {error.strerror or error}: check the disk and who may read it"
        ) from error


def find_data(path: str) -> Path:
    """Where a set lies that is no embedded one; a pattern of tars is handed back as it is.

    Raises:
        UsageError: nowhere; the message suggests the nearest name, or what to do with an address.
    """
    there = Path(path).expanduser()
    if there.exists() or (is_pattern(path) and "://" not in path):
        return there
    if "://" in path:
        raise UsageError(f"{path}: pictures are read from disk: copy them here first, and name the copy")
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
    """The files of a folder, zip or tar; None where it is none of these."""
    if path.is_dir():
        return open_folder(path)
    if path.suffix.lower() == ENDING and path.is_file():
        return open_tars(path, [path])
    return open_archive(path) if path.suffix.lower() == ".zip" else None


def absolute(path: str) -> str:
    """The same set, to be found from any folder.

    >>> absolute("digits")
    'digits'
    """
    there = path not in builtin.EMBEDDED and (Path(path).exists() or (is_pattern(path) and "://" not in path))
    return str(Path(path).resolve()) if there else path


def _at(path: Path, split: str, announce: Announce) -> Source:
    if path.is_dir():
        return _folder(open_folder(path), split, announce)
    if not path.exists() and is_pattern(str(path)):
        return _tars(path, matching(str(path)), split, announce)
    if not path.is_file():
        raise UsageError(f"{path}: is neither a file nor a folder: name one of these")
    if path.suffix.lower() == ".zip":
        archive = open_archive(path)
        source = _pictures(archive, split)
        return open_pictures(archive, split) if source is None else source
    if path.suffix.lower() == ENDING:
        return _tars(path, [path], split, announce)
    if path.suffix.lower() in (".npy", ".npz"):
        return open_array_file(path, split)
    return _file(path, split)


def _folder(store: Folder, split: str, announce: Announce) -> Source:
    for read in (_pictures, find_idx, find_cifar, find_svhn, _arrays):
        source = read(store, split)
        if source is not None:
            return source
    if tars := [store.path / name for name in store.names if name.lower().endswith(ENDING)]:
        return _tars(store.path, tars, split, announce)
    array = _array(store, split)
    return open_pictures(store, split) if array is None else array  # the former says what is there instead


def _tars(path: Path, tars: Sequence[Path], split: str, announce: Announce) -> Source:
    store = open_tars(path, tars, announce)
    source = _pictures(store, split)
    return open_shards(store, split) if source is None else source


def _pictures(store: Store, split: str) -> Source | None:
    """Pictures, in the order of trust: a table that describes them, then the folders they lie in."""
    if not store.names:
        return None
    start = wrapper(store.names)
    if f"{start}dataset.json" in store.names:
        return open_stylegan(store, start, split)
    if tables := find_tables(store, start):
        return open_table(store, tables, split)
    if not any(map(is_picture, store.names)):
        return None
    return open_shards(store, split) if isinstance(store, Tars) else open_pictures(store, split)


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
    kinds = "a folder, zip or tars of pictures, .npz, .npy, IDX, CIFAR and SVHN files"
    raise UsageError(f"{path}: not a data set that is recognised ({kinds}): unpack or convert it")
