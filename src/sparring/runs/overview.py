"""Runs side by side: what is in a folder of runs, and how two of them differ."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sparring.errors import SparringError
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
    rows, events = run.rows(), run.events()
    last: Facts = rows[-1] if rows else {"images": 0, "seconds": 0.0}
    state = events[-1]["event"] if events else "started"
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
