"""`sparring evaluate` and `sparring weights`: how good a model's pictures are, and files that are needed to say so."""

from pathlib import Path
from typing import Annotated

import typer

from sparring.cli.output import Json, echo_json, table

app = typer.Typer(help="List registered files of weights; add one.", invoke_without_command=True)


def evaluate(
    model: Annotated[Path, typer.Argument(help="Folder of a run or of a shipped model.")],
    protocol: Annotated[
        str, typer.Option(help="quick, standard, fid50k-train, fid10k-test or kid10k-train: how to measure.")
    ] = "quick",
    metric: Annotated[list[str] | None, typer.Option(help="Only this metric; may be given again.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Pictures to compare with; by default those that the run was trained on.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="File of the published Inception, or its folder.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the pictures that are drawn.")] = 0,
    device: Annotated[str, typer.Option(help="Where to compute: cpu, cuda.")] = "cpu",
    as_json: Json = False,
) -> None:
    """Measure how good the pictures of a model are, beside real ones."""
    from sparring.runs import evaluation

    found = evaluation.evaluate(
        model,
        by=protocol,
        metrics=tuple(metric or ()),
        data=data,
        inception_weights=weights,
        seed=seed,
        device=device,
        say=lambda text: typer.echo(text, err=True),
    )
    if as_json:
        for one in found:
            echo_json(one.as_row())
        return
    if found:
        typer.echo(found[0].circumstances)
    rows = [(one.key, one.value, _interval(one.interval), one.floor, _BETTER[one.best]) for one in found]
    table(rows, ("metric", "value", "95% interval", "real against real", "better"))


_BETTER = {"lower": "lower", "higher": "higher", "floor": "near real"}


def _interval(bounds: tuple[float, float] | None) -> str:
    return "-" if bounds is None else f"{bounds[0]:.4g} to {bounds[1]:.4g}"


@app.callback()
def list_weights(context: typer.Context, as_json: Json = False) -> None:
    """List registered files of weights; add one."""
    if context.invoked_subcommand is not None:
        return
    from sparring import files
    from sparring.runs import weights

    found = weights.registered()
    if as_json:
        for one in found:
            echo_json({"kind": one.kind, "path": str(one.path), "sha256": one.sha256})
    elif not found:
        typer.echo(f"no files of weights in {files.store()}", err=True)
    else:
        table([(one.kind, one.sha256[:12], one.path) for one in found], ("kind", "sha256", "file"))


@app.command()
def add(file: Annotated[Path, typer.Argument(help="The published Inception file.")]) -> None:
    """Register a file of weights, after its checksum was verified."""
    from sparring.runs import weights

    added = weights.add(file)
    typer.echo(f"{added.kind} {added.sha256[:12]}: {added.path}")
