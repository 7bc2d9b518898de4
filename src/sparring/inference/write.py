"""Pictures to disk: a folder of files, one array, or one sheet, by what the name ends in."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from sparring import files
from sparring.errors import UsageError
from sparring.games.base import Product
from sparring.inference import draw, sample

FOREIGN = (".npy", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".zip", ".tar", ".mp4", ".pt")


def kind_of(out: Path) -> Literal["folder", "array", "sheet"]:
    """What `out` is the name of: an array (`.npz`), a sheet (`.png`), or a folder, which may have a dot in its name.

    >>> kind_of(Path("faces.npz")), kind_of(Path("faces-v1.5"))
    ('array', 'folder')

    Raises:
        UsageError: it is an existing file, or the name of a file of another kind.
    """
    ending = out.suffix.lower()
    if out.is_dir() or ending not in (".npz", ".png", *FOREIGN):
        if out.is_file():
            raise UsageError(f"--out {out}: this is a file; give a folder, or a name ending in .npz or .png")
        return "folder"
    if ending in FOREIGN:
        raise UsageError(f"--out {out}: give a folder, a file ending in .npz (an array) or in .png (a sheet)")
    return "array" if ending == ".npz" else "sheet"


def write(product: Product, count: int, seed: int, out: Path, label: str | None = None) -> str:
    """Draw pictures 0 to `count - 1` of a seed and write them where and as `out` says.

    A folder gets `000000.png`, `000001.png`, ...; where a PNG cannot hold such pictures, `.npy` files, [H, W, C]. An
    `.npz` holds `arr_0`, [N, H, W, C]. Every file is there whole or not at all.

    Args:
        product: what draws.
        count: how many.
        seed: of the pictures.
        out: where to.
        label: the class that all shall have; None: the classes, if it was taught any, take turns.

    Returns:
        A few words on what was written.

    Raises:
        UsageError: `out` ends in something else.
        SparringError: the disk is full or the folder cannot be written.
    """
    kind, values = kind_of(out), sample.values_of(product, label)
    try:
        (out if kind == "folder" else out.parent).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(out, error) from error
    if kind == "folder":
        return _write_folder(product, sample.pictures(product, count, seed, values=values), out)
    pictures = sample.array(product, count, seed, values=values)
    if kind == "sheet":
        files.write(out, draw.sheet(pictures, product.spec))
        return "on one sheet"
    buffer = io.BytesIO()
    np.savez_compressed(buffer, arr_0=pictures)
    files.write(out, buffer.getvalue())
    return f"arr_0, {pictures.dtype} {list(pictures.shape)}"


def _write_folder(product: Product, pictures: Iterator[sample.Pictures], out: Path) -> str:
    as_png = draw.can_be_png(product.spec)
    number = 0
    for part in pictures:
        for picture in part:
            if as_png:
                files.write(out / f"{number:06}.png", draw.png(picture))
            else:
                buffer = io.BytesIO()
                np.save(buffer, picture)
                files.write(out / f"{number:06}.npy", buffer.getvalue())
            number += 1
    return "a PNG each" if as_png else "a .npy each, since a PNG cannot hold such pictures"
