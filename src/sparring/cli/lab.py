"""`sparring lab`: experiments of the course notes, each one command and one page."""

import time
from pathlib import Path
from typing import Annotated

import typer

from sparring.cli.output import Json, duration, echo_json, table
from sparring.errors import UsageError


def lab(
    name: Annotated[str | None, typer.Argument(help="An experiment; without one, they are listed.")] = None,
    out: Annotated[Path | None, typer.Option(help="The page to write; by default NAME.html, here.")] = None,
    data: Annotated[
        str | None, typer.Option(help="Pictures for the experiment, a path or a name; by default digits.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of every random number.")] = 0,
    as_json: Json = False,
) -> None:
    """Run an experiment of the course notes: a page with a figure and what it says."""
    if name is None:
        _list(as_json)
        return
    from sparring import lab as experiments
    from sparring.lab import page

    experiment = experiments.find(name)
    path = out or Path(f"{name}.html")
    _check(path)
    began = time.monotonic()
    study = experiment.study(data, seed, lambda text: typer.echo(f"{name}: {text}", err=True))
    page.write(study, _command(name, data, seed), path)
    seconds = time.monotonic() - began
    if as_json:
        echo_json({"experiment": name, "page": str(path), "seed": seed, "seconds": round(seconds, 1), **study.numbers})
        return
    table([(key.replace("_", " "), float(value)) for key, value in study.numbers.items()], ("what", "value"))
    typer.echo(f"{path}: {study.title}")
    typer.echo(f"{name}: done in {duration(seconds)}", err=True)


def _list(as_json: bool) -> None:
    from sparring import lab as experiments

    rows = [(name, experiments.find(name).ABOUT) for name in experiments.names()]
    if as_json:
        for name, about in rows:
            echo_json({"experiment": name, "about": about})
    else:
        table(rows, ("experiment", "about"))


def _check(path: Path) -> None:
    """Find out before minutes of work that the page could not be written."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a file, such as {path / 'page.html'}")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} for {path.name}: make it, or choose another place")


def _command(name: str, data: str | None, seed: int) -> str:
    import shlex

    return shlex.join(["sparring", "lab", name, *(["--data", data] if data else []), "--seed", str(seed)])
