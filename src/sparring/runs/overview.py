"""Runs side by side: what is in a folder of runs, and how two of them differ."""

from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sparring.errors import SparringError
from sparring.metrics import receipt
from sparring.metrics.receipt import Receipt
from sparring.runs.folder import Run, runs_in

Facts = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One run in a list."""

    name: str
    recipe: str
    data: str
    images: int
    seconds: float
    state: str


def overview(folder: Path) -> list[Line]:
    """Every run in a folder, by name; one that cannot be read is called damaged."""
    return [_line_of(run) for run in runs_in(folder)]


def _line_of(run: Run) -> Line:
    try:
        return line(run)
    except SparringError:
        return Line(run.name, "?", "?", 0, 0.0, "damaged")


def line(run: Run) -> Line:
    """One run, summed up.

    Raises:
        SparringError: its folder is damaged.
    """
    rows, state = run.rows(), run.state()["event"]
    last: Facts = rows[-1] if rows else {"images": 0, "seconds": 0.0}
    # a run that says neither that it ended nor how was killed, or is at work
    state = "unfinished" if state in ("started", "resumed") else state
    data = Path(run.recipe().data.path).name
    return Line(run.name, run.environment()["recipe"], data, last["images"], last["seconds"], state)


def facts(run: Run) -> Facts:
    """Everything about a run that a comparison should look at: data, settings, newest losses and speed.

    Raises:
        SparringError: its folder is damaged.
    """
    rows, summed = run.rows(), line(run)
    newest = {f"newest {key}": value for key, value in rows[-1].items()} if rows else {}
    data = {"data.fingerprint": run.environment()["data"]["fingerprint"]}
    return {"run": summed.name, "recipe": summed.recipe, "state": summed.state, **flat(run.recipe()), **data, **newest}


@dataclass(frozen=True)
class Measured:
    """A metric of two runs.

    Attributes:
        metric: its name.
        one: of the first run; None where it was never measured there.
        other: of the second.
        unlike: why the two must not be compared, a few words each; empty if they may.
    """

    metric: str
    one: Receipt | None
    other: Receipt | None
    unlike: tuple[str, ...] = ()


def measured(one: Run, other: Run) -> list[Measured]:
    """The metrics of two runs, those side by side that were measured in the same way.

    Of several receipts the newest pair that is alike is taken, else the newest of each.
    """
    left, right = receipts(one), receipts(other)
    return [_pair(key, left.get(key, []), right.get(key, [])) for key in dict.fromkeys([*left, *right])]


def receipts(run: Run) -> dict[str, list[Receipt]]:
    """What was measured of a run, by metric, newest first; lines that a kill cut off are left out."""
    found: dict[str, list[Receipt]] = {}
    for row in reversed(run.evaluations()):
        with suppress(TypeError):
            one = receipt.from_row(row)
            found.setdefault(one.key, []).append(one)
    return found


def _pair(metric: str, left: list[Receipt], right: list[Receipt]) -> Measured:
    if not left or not right:
        return Measured(metric, left[0] if left else None, right[0] if right else None)
    for one, other in product(left, right):
        if not receipt.unlike(one, other):
            return Measured(metric, one, other)
    return Measured(metric, left[0], right[0], tuple(receipt.unlike(left[0], right[0])))


def flat(value: BaseModel, path: str = "") -> Facts:
    """All settings by dotted path."""
    found: Facts = {}
    for name, item in value:
        if isinstance(item, BaseModel):
            found |= flat(item, f"{path}{name}.")
        elif isinstance(item, dict):
            found |= {f"{path}{name}.{key}": inner for key, inner in item.items()}
        else:
            found[path + name] = item
    return found


def differing(left: Facts, right: Facts) -> list[tuple[str, Any, Any]]:
    """The rows (name, left, right) in which two tables of facts differ; None for what one of them lacks.

    >>> differing({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4})
    [('b', 2, 3), ('c', None, 4)]
    """
    names = dict.fromkeys([*left, *right])
    rows = [(name, left.get(name), right.get(name)) for name in names]
    return [row for row in rows if row[1] != row[2]]
