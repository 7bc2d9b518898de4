"""`sparring train --dry-run`: what would be trained, and what a step of it takes."""

from dataclasses import asdict

import typer

from sparring.cli.output import echo_json, table
from sparring.cli.progress import watching
from sparring.config import Recipe
from sparring.runs.launch import with_largest_batch
from sparring.runs.prepare import prepare
from sparring.runs.preview import preview, settled
from sparring.runs.settings import marked


def show(recipe: Recipe, largest: bool, as_json: bool) -> None:
    """Play one step on the real data, write nothing, and print what was found; `largest`: with all that fits."""
    with watching() as observer:
        session = prepare(settled(recipe), "dry run", observer)
        if largest:
            session = with_largest_batch(session)
        found = preview(session)
    shown = session.recipe.model_copy(update={"game": recipe.game})
    if as_json:
        return echo_json({"recipe": shown.model_dump(mode="json"), **asdict(found)})
    typer.echo("# settings; * differs from the default")
    for line, differs in marked(shown):
        typer.echo(("* " if differs else "  ") + line)
    typer.echo("\n# players")
    table([(name, count) for name, count in found.parameters.items()], ("player", "parameters"))
    typer.echo("\n# memory")
    table([(what, f"{size / 1e6:,.1f} MB") for what, size in found.memory.items()], ("for", "about"))
    return None
