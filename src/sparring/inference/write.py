"""Pictures to disk: a folder of files, one array, or one sheet, by what the name ends in."""

import io
from pathlib import Path

import numpy as np

from sparring import files
from sparring.errors import UsageError
from sparring.games.base import Product
from sparring.inference import draw, sample

ENDINGS = ("", ".npz", ".png")


def check_name(out: Path) -> None:
    """Raise UsageError unless `out` is the name of a folder, of an `.npz` or of a `.png`."""
    if out.suffix not in ENDINGS:
        raise UsageError(f"--out {out}: give a folder, a file ending in .npz (an array) or in .png (a sheet)")
    if out.suffix == "" and out.is_file():
        raise UsageError(f"--out {out}: this is a file; give a folder, or a name ending in .npz or .png")


def write(product: Product, count: int, seed: int, out: Path) -> str:
    """Draw pictures 0 to `count - 1` of a seed and write them where and as `out` says.

    A folder gets `000000.png`, `000001.png`, ...; where a PNG cannot hold such pictures, `.npy` files, [H, W, C]. An
    `.npz` holds `arr_0`, [N, H, W, C]. Every file is there whole or not at all.

    Returns:
        A few words on what was written.

    Raises:
        UsageError: `out` ends in something else.
        SparringError: the disk is full or the folder cannot be written.
    """
    check_name(out)
    try:
        (out if out.suffix == "" else out.parent).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(out, error) from error
    if out.suffix == "":
        return _write_folder(product, count, seed, out)
    pictures = sample.array(product, count, seed)
    if out.suffix == ".png":
        files.write(out, draw.sheet(pictures, product.spec))
        return "on one sheet"
    buffer = io.BytesIO()
    np.savez_compressed(buffer, arr_0=pictures)
    files.write(out, buffer.getvalue())
    return f"arr_0, {pictures.dtype} {list(pictures.shape)}"


def _write_folder(product: Product, count: int, seed: int, out: Path) -> str:
    as_png = draw.can_be_png(product.spec)
    number = 0
    for part in sample.pictures(product, count, seed):
        for picture in part:
            if as_png:
                files.write(out / f"{number:06}.png", draw.png(picture))
            else:
                buffer = io.BytesIO()
                np.save(buffer, picture)
                files.write(out / f"{number:06}.npy", buffer.getvalue())
            number += 1
    return "a PNG each" if as_png else "a .npy each, since a PNG cannot hold such pictures"
