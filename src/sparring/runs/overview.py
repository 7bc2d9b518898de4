"""Runs side by side: what is in a folder of runs, and how two of them differ."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sparring.runs.folder import Run, runs_in


@dataclass(frozen=True)
class Line:
    """One run in a list."""

    name: str
    recipe: str
    data: str
    images: int
    seconds: float
    state: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def overview(folder: Path) -> list[Line]:
    """Every run in a folder, by name."""
    return [line(run) for run in runs_in(folder)]


def line(run: Run) -> Line:
    """One run, summed up.

    Raises:
        SparringError: its folder is damaged.
    """
    rows, events = run.rows(), run.events()
    last: dict[str, Any] = rows[-1] if rows else {"images": 0, "seconds": 0.0}
    state = events[-1]["event"] if events else "started"
    # a run that says neither that it ended nor how was killed, or is at work
    state = "unfinished" if state in ("started", "resumed") else state
    recipe = Path(run.recipe().data.path).name
    return Line(run.name, run.environment()["recipe"], recipe, last["images"], last["seconds"], state)


def facts(run: Run) -> dict[str, str]:
    """Everything about a run that a comparison should look at: data, settings, newest losses and speed."""
    rows = run.rows()
    summed = line(run)
    newest = {f"newest {key}": _short(value) for key, value in rows[-1].items()} if rows else {}
    data = {"data.fingerprint": run.environment()["data"]["fingerprint"]}
    return {"run": summed.name, "recipe": summed.recipe, "state": summed.state, **flat(run.recipe()), **data, **newest}


def flat(value: BaseModel, path: str = "") -> dict[str, str]:
    """All settings as text, by dotted path."""
    found: dict[str, str] = {}
    for name, item in value:
        if isinstance(item, BaseModel):
            found |= flat(item, f"{path}{name}.")
        elif isinstance(item, dict):
            found |= {f"{path}{name}.{key}": _short(inner) for key, inner in item.items()}
        else:
            found[path + name] = _short(item)
    return found


def differing(left: dict[str, str], right: dict[str, str]) -> list[tuple[str, str, str]]:
    """The rows (name, left, right) in which two tables of facts differ.

    >>> differing({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"})
    [('b', '2', '3'), ('c', '-', '4')]
    """
    names = dict.fromkeys([*left, *right])
    rows = [(name, left.get(name, "-"), right.get(name, "-")) for name in names]
    return [row for row in rows if row[1] != row[2]]


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
