"""Where files of weights that are no model of a run lie: extractors, found by option, folder or the usual caches."""

import os
from dataclasses import dataclass
from pathlib import Path

from sparring import files
from sparring.errors import UsageError
from sparring.metrics import inception


@dataclass(frozen=True)
class Registered:
    """A file in the store.

    Attributes:
        path: where it is.
        kind: what it is for.
        sha256: its checksum.
    """

    path: Path
    kind: str
    sha256: str


def add(path: Path) -> Registered:
    """Copy a file into the store, once its checksum is known to be that of a published one.

    Raises:
        UsageError: there is no such file.
        SparringError: it is none that is known here, or the store cannot be written.
    """
    inception.load(path)
    place = files.store() / "weights" / inception.FILES[0]
    if path.resolve() != place.resolve():
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise files.unwritable(place, error) from error
        files.write(place, path.read_bytes())
    return Registered(place, "inception", inception.SHA256)


def registered() -> list[Registered]:
    """What is in the store, by name."""
    kinds = {"weights": "inception", "classifiers": "classifier"}
    return [
        Registered(path, kind, files.sha256(path))
        for folder, kind in kinds.items()
        for path in sorted((files.store() / folder).glob("[!.]*"))
    ]


def find_inception(given: Path | None = None) -> Path:
    """The file of the published Inception: the one that was given, or from the store, or from torch's own cache.

    Args:
        given: the file, or a folder that holds it.

    Raises:
        UsageError: it is nowhere; the message says where it was looked for, and what to do.
    """
    cache = Path(os.environ.get("TORCH_HOME") or Path.home() / ".cache" / "torch") / "hub" / "checkpoints"
    folders = [files.store() / "weights", cache] if given is None else [given]
    if given is not None and given.is_file():
        return given
    for folder in folders:
        for name in inception.FILES:
            if (folder / name).is_file():
                return folder / name
    places = ", ".join(str(folder) for folder in folders)
    raise UsageError(
        f"no Inception weights in {places}: bring {inception.FILES[0]} (a release file of torch-fidelity) here and "
        "register it, `sparring weights add FILE`; or take a protocol that needs no download, such as quick"
    )
