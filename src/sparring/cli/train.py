"""`sparring train` and `sparring resume`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparring.cli import together
from sparring.cli.output import Json, duration, echo_json
from sparring.cli.together import Processes
from sparring.errors import INTERRUPTED

if TYPE_CHECKING:
    from sparring.runs.session import Outcome

Images = Annotated[int | None, typer.Option(min=1, help="Stop after so many real images shown.")]
Minutes = Annotated[float | None, typer.Option(min=0.001, help="Stop after so many minutes of training.")]


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE]",
            help="A name from `sparring recipes`, or the path of a TOML file; without it, what suits the pictures.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Settings, such as optimizer.lr=1e-4.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="PATH|NAME",
            help="A folder, zip, tar or array file; or digits (as without it), shapes, ring8, grid25.",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the run; by default the recipe and the time.")] = None,
    runs: Annotated[Path, typer.Option(help="Folder that the run's folder is made in.")] = Path("runs"),
    seed: Annotated[int | None, typer.Option(min=0, help="Same seed, same run.")] = None,
    images: Images = None,
    minutes: Minutes = None,
    inputs: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="To translate: where the source pictures lie; --data has what comes out."),
    ] = None,
    pairs: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="To translate: make sources of the pictures (edges, gray, downscale:4, mask, blur, noise); or beside, "
            "two in each file; or a column of their table.",
        ),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out broken pictures, and those without a partner.")
    ] = False,
    nproc: Processes = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be trained, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Train a game on pictures, in a new run folder that can be killed and resumed at any moment."""
    from sparring.runs import launch

    if not dry_run:
        together.start(nproc)

    asked = [*(settings or []), *(["data.skip_bad=true"] if skip_bad else [])]
    words = (("inputs", inputs), ("pairs", pairs))
    asked += [f"data.{key}={json.dumps(value, ensure_ascii=False)}" for key, value in words if value is not None]
    if recipe is not None and "=" in recipe:  # the first of the settings, and no recipe
        asked.insert(0, recipe)
        recipe = None
    if dry_run:
        from sparring.cli.plan import show

        if recipe is None:
            from sparring.cli.progress import watching

            with watching() as observer:
                chosen, _ = launch.choose(asked, data, observer)
            recipe, asked = chosen.recipe, [*chosen.settings, *asked]
        others, largest = launch.apart(asked)
        resolved = launch.resolve(recipe, others, data, seed=seed, images=images, minutes=minutes)
        return show(resolved, largest, as_json)
    with together.watching() as observer:
        outcome = launch.train(
            recipe,
            *asked,
            data=data,
            runs=runs,
            name=name,
            seed=seed,
            images=images,
            minutes=minutes,
            observer=observer,
            forecast=True,
        )
    return _end(outcome, as_json)


def resume(
    run: Annotated[Path, typer.Argument(help="Folder of the run.")],
    images: Images = None,
    minutes: Minutes = None,
    nproc: Processes = None,
    as_json: Json = False,
) -> None:
    """Go on with a run exactly where its last checkpoint left it; a new budget counts from the start of the run."""
    from sparring.runs import launch

    together.start(nproc)
    with together.watching() as observer:
        outcome = launch.resume(run, images=images, minutes=minutes, observer=observer)
    _end(outcome, as_json)


def _end(outcome: "Outcome", as_json: bool) -> None:
    if not together.leads():
        return
    if as_json:
        echo_json(asdict(outcome))
    else:
        for line in _summary(asdict(outcome)):
            typer.echo(line)
    if not outcome.finished:
        raise typer.Exit(INTERRUPTED)


def _summary(outcome: dict[str, Any]) -> list[str]:
    folder = outcome["folder"]
    state = "" if outcome["finished"] else f"; interrupted, go on with `sparring resume {folder}`"
    return [
        f"{folder}: {outcome['images']:,} images in {duration(outcome['seconds'])}, "
        f"{outcome['images_per_second']:,.0f} images/s{state}",
        f"  report  {folder}/report.html",
        f"  model   {folder}/model",
    ]
