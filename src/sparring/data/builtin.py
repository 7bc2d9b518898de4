"""Sets by name: those that are embedded, and real ones where a folder or a system package has put them."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sparring.data.arrays import ArraySource
from sparring.data.folders import whole
from sparring.data.shapes import open_shapes
from sparring.data.sources import Source
from sparring.data.synthetic import grid25, ring8
from sparring.errors import SparringError, UsageError

Size = tuple[int, int] | None

REAL = ("fashion-mnist", "mnist", "cifar10", "svhn", "celeba")
SYSTEM = Path("/usr/share/datasets")  # where Debian's dataset-* packages put theirs


def _digits(split: str, size: Size) -> Source:
    whole([], split, "digits")
    table = _digits_table()
    pixels = np.rint(table[:, :-1] * (255 / 16)).astype(np.uint8)  # 0 .. 16 to 0 .. 255
    return ArraySource(
        layout="embedded set 'digits': 1797 real handwritten digits of 8x8 from scikit-learn, 10 classes",
        classes=tuple("0123456789"),
        labels=table[:, -1].astype(np.int64),
        suggested_size=(32, 32),
        array=pixels.reshape(-1, 8, 8, 1),
        title="digits",
    )


def _digits_table() -> NDArray[np.float64]:
    """[1797, 65]: 64 pixels and the digit. Read from scikit-learn's own file, as importing it would take a second."""
    package = find_spec("sklearn")
    places = (package.submodule_search_locations if package else None) or []
    for place in places:
        path = Path(place) / "datasets" / "data" / "digits.csv.gz"
        if path.exists():
            return np.loadtxt(path, delimiter=",")
    raise SparringError(
        "the embedded set 'digits' is a file of scikit-learn, which is not here: pip install scikit-learn"
    )


EMBEDDED: dict[str, Callable[[str, Size], Source]] = {
    "digits": _digits,
    "shapes": open_shapes,
    "ring8": lambda split, size: ring8(split),
    "grid25": lambda split, size: grid25(split),
}


def find_real(name: str) -> Path:
    """The folder that holds a named real set.

    Raises:
        UsageError: it is in none of the places looked at; the message lists them.
    """
    places = [Path("data") / name, SYSTEM / name]
    for place in places:
        if place.exists():
            return place
    looked = " and ".join(str(place) for place in places)
    package = f", or install the package dataset-{name}" if name == "fashion-mnist" else ""
    raise UsageError(f"data set {name!r} is not here (looked for {looked}): put its published files there{package}")
