"""`sparring recipes`: what there is to train."""

from typing import Annotated

import typer

from sparring.cli.output import Json, echo_differences, echo_json, table

app = typer.Typer(help="List the recipes; show one, compare two.", invoke_without_command=True)


@app.callback()
def list_recipes(context: typer.Context, as_json: Json = False) -> None:
    """List the recipes; show one, compare two."""
    from sparring.recipes import read_recipe, recipe_names

    if context.invoked_subcommand is not None:
        return
    rows = [(name, read_recipe(name)["about"]) for name in recipe_names()]
    if as_json:
        for name, about in rows:
            echo_json({"recipe": name, "about": about})
    else:
        table(rows, ("recipe", "about"))


@app.command()
def show(recipe: Annotated[str, typer.Argument(help="A name, or the path of a TOML file.")]) -> None:
    """Print a recipe with all its settings; * differs from the default."""
    from sparring.runs.launch import resolve
    from sparring.runs.settings import marked

    for line, differs in marked(resolve(recipe)):
        typer.echo(("* " if differs else "  ") + line)


@app.command()
def compare(one: str, other: str, as_json: Json = False) -> None:
    """Print the settings in which two recipes differ."""
    from sparring.runs.launch import resolve
    from sparring.runs.overview import differing, flat

    rows = differing(flat(resolve(one)), flat(resolve(other)))
    echo_differences(rows, one, other, as_json)
