"""The folder of a run: what lies where, made in one move, held by one process at a time."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from os import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock, Timeout

from sparring import files
from sparring.config import Recipe, to_toml
from sparring.errors import SparringError, UsageError, did_you_mean
from sparring.recipes import read_recipe
from sparring.runs.settings import checked

LOOK = "signals"
"""The event of a look of the doctor."""
STATES = ("started", "resumed", "interrupted", "halted", "finished")
"""Events after which a run is in a state of that name."""
ROLLBACK = "rollback"
"""The event of going back on the doctor's advice."""
BACK = ("started", "resumed", ROLLBACK)
"""Events with which a run goes on from an earlier checkpoint; `images` says from where."""


class Run:
    """One run on disk.

    Attributes:
        path: its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.path.name

    @property
    def checkpoints(self) -> Path:
        """Where its checkpoints are."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """The model folder that it ships."""
        return self.path / "model"

    @property
    def metrics(self) -> Path:
        """One JSON object a line: step, images, seconds, images_per_second, and every loss term."""
        return self.path / "metrics.jsonl"

    @property
    def best_model(self) -> Path:
        """The model folder of the best checkpoint so far, where one is chosen."""
        return self.path / "best"

    @property
    def report(self) -> Path:
        """The page to look at."""
        return self.path / "report.html"

    def evidence(self, verdict: str) -> Path:
        """The picture that the doctor drew when it found something."""
        return self.path / "doctor" / f"{verdict.replace(' ', '-')}.png"

    def sheet(self, images: int) -> Path:
        """The picture grid made after so many images."""
        return self.path / "samples" / f"{images:09}.png"

    def sheets(self) -> list[Path]:
        """All picture grids, oldest first."""
        numbered = [path for path in (self.path / "samples").glob("*.png") if path.stem.isdigit()]
        return sorted(numbered, key=lambda path: int(path.stem))

    def recipe(self) -> Recipe:
        """The resolved recipe.

        Raises:
            SparringError: the file is missing or damaged.
        """
        path = self.path / "recipe.toml"
        try:
            return checked(read_recipe(str(path)))
        except UsageError as error:
            raise SparringError(f"{path}: {error}") from None

    def environment(self) -> dict[str, Any]:
        """On what, with which versions and which data it was started."""
        path = self.path / "environment.json"
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SparringError(f"cannot read {path}: {error}") from None
        return content

    def rows(self) -> list[dict[str, Any]]:
        """The rows of `metrics.jsonl`; a last line that was cut off by a kill is left out."""
        return _rows(self.metrics)

    def events(self) -> list[dict[str, Any]]:
        """What happened, the rows of `events.jsonl` but for the doctor's looks."""
        return [row for row in _rows(self.path / "events.jsonl") if row.get("event") != LOOK]

    def state(self) -> dict[str, Any]:
        """The last event that says whether the run is at work: `started`, `interrupted`, ..."""
        states = [row for row in self.events() if row.get("event") in STATES]
        return states[-1] if states else {"event": STATES[0]}

    def rollbacks(self) -> int:
        """How often the run went back on the doctor's advice."""
        return sum(row.get("event") == ROLLBACK for row in self.events())

    def looks(self) -> list[dict[str, Any]]:
        """What the doctor saw, oldest first, but for what a resumed run saw before it went back to a checkpoint."""
        found: list[dict[str, Any]] = []
        for row in _rows(self.path / "events.jsonl"):
            if row.get("event") == LOOK:
                found.append(row)
            elif row.get("event") in BACK:
                found = [look for look in found if look["images"] <= row["images"]]
        return found

    def add_row(self, row: dict[str, Any]) -> None:
        """Append to `metrics.jsonl`."""
        _append(self.metrics, row)

    def add_event(self, kind: str, **facts: Any) -> None:
        """Append to `events.jsonl`."""
        _append(self.path / "events.jsonl", {"event": kind, "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **facts})

    def evaluations(self) -> list[dict[str, Any]]:
        """The rows of `evaluations.jsonl`: a receipt each, oldest first."""
        return _rows(self.path / "evaluations.jsonl")

    def add_evaluation(self, *rows: dict[str, Any]) -> None:
        """Append to `evaluations.jsonl`, all at once."""
        _append(self.path / "evaluations.jsonl", *rows)

    def rewind(self, images: int) -> None:
        """Forget rows and grids from after a checkpoint, and what a kill left half-written: they are made again."""
        for folder in (self.path, self.path / "samples", self.path / "doctor", self.checkpoints):
            files.sweep(folder)
        for path in (self.metrics, self.path / "evaluations.jsonl"):
            if path.exists():
                rows = [row for row in _rows(path) if row.get("images", images + 1) <= images]
                files.write(path, "".join(json.dumps(row) + "\n" for row in rows))
        for path in self.sheets():
            if int(path.stem) > images:
                files.remove(path)

    def write_recipe(self, recipe: Recipe) -> None:
        """Replace the recipe, for example by one with a larger budget."""
        files.write(self.path / "recipe.toml", to_toml(recipe))

    @contextmanager
    def held(self, say: Callable[[str], None], waits: bool = True) -> Iterator[None]:
        """Keep other processes from training in this folder; while one does, wait for it.

        The system lets go of the folder when the process that holds it ends, however it ends.

        Args:
            say: is told that there is somebody to wait for.
            waits: or else be refused.

        Raises:
            SparringError: another process holds it and this one does not wait, or the folder cannot be written.
        """
        lock = FileLock(self.path / ".lock")
        taken = f"another process is training in {self.path}"
        try:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                if not waits:
                    raise SparringError(f"{taken}: let it end or stop it first; nothing was changed") from None
                say(f"{taken}: waiting for it to end")
                lock.acquire()
        except OSError as error:
            raise files.unwritable(self.path, error) from error
        try:
            yield
        finally:
            lock.release()


def create(path: Path, recipe: Recipe, environment: dict[str, Any]) -> Run:
    """Make the folder of a new run in one move, so that half of one never lies around.

    Raises:
        UsageError: something of that name exists.
        SparringError: the folder cannot be written.
    """
    refuse_existing(path)
    try:
        with files.new_folder(path) as temporary:
            for folder in ("samples", "checkpoints"):
                (temporary / folder).mkdir()
            files.write(temporary / "recipe.toml", to_toml(recipe))
            files.write_json(temporary / "environment.json", environment)
    except SparringError:
        refuse_existing(path)  # another process was faster
        raise
    return Run(path)


@contextmanager
def begin(path: Path, recipe: Recipe, environment: dict[str, Any]) -> Iterator[Run]:
    """`create`, and hold the folder: of two processes that begin a run of one name at once, one is refused.

    Raises:
        UsageError: something of that name exists.
        SparringError: the folder cannot be written, or another process took the run up at once.
    """
    run = create(path, recipe, environment)
    with run.held(lambda text: None, waits=False):
        if run.events():
            refuse_existing(path)  # another process took it up before it was held, and has let go of it
        yield run


def refuse_existing(path: Path) -> None:
    """Raise UsageError if something of that name exists, or if it cannot be a name."""
    try:
        exists = path.exists()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if exists:
        raise UsageError(f"{path} exists: take another --name, or go on with it: `sparring resume {path}`")


def find(path: Path) -> Run:
    """The run at a path, or of that name in the folder `runs`.

    Raises:
        UsageError: there is none; the message suggests the nearest name beside it.
    """
    for place in (path, Path("runs") / path):
        if (place / "recipe.toml").is_file():
            return Run(place)
    if path.exists():
        raise UsageError(f"{path} is not a run: it has no recipe.toml")
    names = [run.name for run in runs_in(path.parent)]
    hint = did_you_mean(path.name, names) if names else f"there are no runs in {path.parent}"
    raise UsageError(f"no run at {path}: {hint}")


def runs_in(folder: Path) -> list[Run]:
    """The runs in a folder, by name."""
    return [Run(recipe.parent) for recipe in sorted(folder.glob("[!.]*/recipe.toml"))]


def _append(path: Path, *rows: dict[str, Any]) -> None:
    try:
        with path.open("a+b") as file:
            if file.tell() and not _ends_a_line(file):
                file.write(b"\n")  # a kill or a full disk cut the last row off
            file.write("".join(json.dumps(row) + "\n" for row in rows).encode())
    except OSError as error:
        raise files.unwritable(path, error) from error


def _ends_a_line(file: BinaryIO) -> bool:
    file.seek(-1, SEEK_END)
    return file.read(1) == b"\n"


def _rows(path: Path) -> list[dict[str, Any]]:
    """The whole rows of a file; those that were cut off are left out."""
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        with suppress(ValueError):
            rows.append(json.loads(line))
    return [row for row in rows if isinstance(row, dict)]
