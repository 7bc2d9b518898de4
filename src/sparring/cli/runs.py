"""`sparring runs`: what was trained."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sparring.cli.output import Json, duration, echo_differences, echo_json, table

app = typer.Typer(help="List the runs of a folder; show one, compare two.", invoke_without_command=True)

RunPath = Annotated[Path, typer.Argument(help="Folder of a run.")]


@app.callback()
def list_runs(
    context: typer.Context,
    runs: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("runs"),
    as_json: Json = False,
) -> None:
    """List the runs of a folder; show one, compare two."""
    if context.invoked_subcommand is not None:
        return
    from sparring.runs.overview import overview

    lines = overview(runs)
    if as_json:
        for line in lines:
            echo_json(asdict(line))
    elif not lines:
        typer.echo(f"no runs in {runs}", err=True)
    else:
        rows = [(line.name, line.recipe, line.data, line.images, duration(line.seconds), line.state) for line in lines]
        table(rows, ("run", "recipe", "data", "images", "time", "state"))


@app.command()
def show(run: RunPath, as_json: Json = False) -> None:
    """Print where a run stands, its newest losses, and what was measured of it."""
    from sparring.runs.folder import find
    from sparring.runs.overview import facts, receipts

    place = find(run)
    found = facts(place)
    for kinds in receipts(place).values():
        floor = "" if kinds[0].floor is None else f", real against real {kinds[0].floor:.4g}"
        found[kinds[0].metric] = f"{kinds[0].value:.4g} ({kinds[0].protocol}{floor})"
    if as_json:
        echo_json(found)
    else:
        table(found.items(), ("what", "value"))


@app.command()
def compare(one: RunPath, other: RunPath, as_json: Json = False) -> None:
    """Print the settings and newest numbers in which two runs differ, and metrics that were measured alike."""
    from sparring.runs.folder import find
    from sparring.runs.overview import differing, facts, measured

    left, right = find(one), find(other)
    rows = differing(facts(left), facts(right))
    metrics = measured(left, right)
    rows += [
        (pair.metric, pair.one and pair.one.value, pair.other and pair.other.value)
        for pair in metrics
        if not pair.unlike
    ]
    echo_differences(rows, one.name, other.name, as_json)
    for pair in metrics:
        if pair.unlike:
            typer.echo(f"{pair.metric} cannot be compared: {'; '.join(pair.unlike)}", err=True)
