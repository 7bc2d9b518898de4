"""What goes in, what comes out and what should have come out, side by side in one picture."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sparring.data import maps, pictures
from sparring.data.recognise import open_store
from sparring.data.spec import Spec
from sparring.data.stores import Folder, Store, may_be_picture
from sparring.errors import UsageError
from sparring.inference import draw

GAP = 8
"""White pixels between two pictures."""
Pixels = NDArray[Any]


@dataclass(frozen=True)
class Targets:
    """True pictures.

    Attributes:
        path: what the person named.
        store: where they lie.
        names: of them, by what partners have in common: the name without its ending.
        only: the one that was named itself.
    """

    path: Path
    store: Store
    names: Mapping[str, tuple[str, ...]]
    only: str | None = None

    def of(self, inside: str, numbers: bool = False) -> Pixels:
        """The partner of a picture, [H, W, C].

        Args:
            inside: the name of what goes in, within its folder.
            numbers: whether it is a map of classes.

        Raises:
            UsageError: there is none, or there are several, or it cannot be read.
        """
        key = str(PurePosixPath(inside).with_suffix(""))
        found = (self.only,) if self.only is not None else self.names.get(key, ())
        if len(found) != 1:
            several = f"{', '.join(found)} all have its name: leave one" if found else f"no picture is called {key}"
            raise UsageError(f"no true picture for it in {self.path}: {several}")
        try:
            return pictures.decode(io.BytesIO(self.store.read(found[0])), numbers)
        except Exception as error:  # decoders of foreign bytes raise whatever they like
            raise UsageError(f"its true picture {found[0]} in {self.path}: {pictures.explain(error)[0]}") from error

    def files(self) -> list[Path]:
        """Those that lie in a folder, so that none is written over."""
        if not isinstance(self.store, Folder):
            return []
        inside = [self.only] if self.only is not None else [name for each in self.names.values() for name in each]
        return [self.store.path / name for name in inside]


@dataclass(frozen=True)
class Compare:
    """That what goes in and what comes out shall be written side by side.

    Attributes:
        targets: what should have come out, to stand beside them.
    """

    targets: Targets | None = None


def targets(path: Path) -> Targets:
    """True pictures: one, or a folder or zip of those that have the names of what goes in.

    Raises:
        UsageError: there are none.
    """
    if path.is_file() and may_be_picture(path.name):
        return Targets(path, Folder(path.parent, [path.name]), {}, path.name)
    store = open_store(path) if path.exists() else None
    names: dict[str, tuple[str, ...]] = {}
    for name in store.names if store is not None else ():
        if may_be_picture(name):
            key = str(PurePosixPath(name).with_suffix(""))
            names[key] = (*names.get(key, ()), name)
    if store is None or not names:
        raise UsageError(f"--targets {path}: no true pictures there: give a picture, or a folder or zip of them")
    return Targets(path, store, names)


def shown(pixels: Pixels, spec: Spec) -> Pixels:
    """A picture as it is; a map of classes in a colour for each.

    Raises:
        UsageError: a map with a class that is not one of `spec`.
    """
    if spec.map is None:
        return pixels
    stored = torch.from_numpy(maps.checked(pixels, spec.map).transpose(2, 0, 1)[None].copy())
    coloured: Pixels = draw.shown(maps.encoded(stored, spec), spec)[0]
    return coloured


def beside(columns: Sequence[Pixels]) -> NDArray[np.uint8]:
    """Pictures of one size in a row, [H, W + ..., 3].

    Args:
        columns: [H, W, C] each, uint8 or uint16; see `draw.in_colour`.

    Raises:
        UsageError: they differ in size.

    >>> beside([np.zeros((4, 5, 1), np.uint16), np.zeros((4, 5, 3), np.uint8)]).shape
    (4, 18, 3)
    """
    sizes = [f"{one.shape[1]}x{one.shape[0]}" for one in columns]
    if len(set(sizes)) > 1:
        raise UsageError(f"pictures of {' and '.join(dict.fromkeys(sizes))} cannot stand side by side")
    parts: list[NDArray[np.uint8]] = []
    for one in columns:
        parts += [np.full((one.shape[0], GAP, 3), 255, np.uint8)] if parts else []
        parts.append(draw.in_colour(one))
    return np.concatenate(parts, 1)
