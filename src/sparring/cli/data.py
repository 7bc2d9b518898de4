"""`sparring data`: what is in a folder, what is broken in it, and the same pictures in the field's exchange format."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparring.cli.output import Json, echo_json, table
from sparring.errors import SparringError

if TYPE_CHECKING:
    from sparring.data import Report

app = typer.Typer(help="Look at pictures before training on them.", no_args_is_help=True)

Where = Annotated[
    str, typer.Argument(metavar="PATH|NAME", help="A folder, zip, tar or array file, or an embedded set.")
]
Split = Annotated[str, typer.Option(help="The part to look at, where the set has parts.")]


def _announce(text: str) -> None:
    typer.echo(text, err=True)


@app.command()
def info(path: Where, split: Split = "train", as_json: Json = False) -> None:
    """Say what was recognised, and why."""
    from sparring.data import inspect

    report = inspect(path, split, _announce, thorough=False)
    if not report.count:
        raise SparringError(
            f"{path}: {'; '.join(finding.detail for finding in report.findings) or 'holds no pictures'}"
        )
    if as_json:
        return echo_json(_facts(report))
    for what, value in _facts(report).items():
        if value and what != "findings":
            typer.echo(f"{what:9} {_words(value)}")
    if report.findings:
        typer.echo(f"{'findings':9} {len(report.findings):,}: see `sparring data check {path}`")
    return None


@app.command()
def check(path: Where, split: Split = "train", as_json: Json = False) -> None:
    """List everything broken, odd, double, leaked or mislabelled, by name; exit 1 if training would fail."""
    from sparring.data import inspect

    report = inspect(path, split, _announce)
    if as_json:
        for row in _facts(report)["findings"]:
            echo_json(row)
    elif report.findings:
        worst_first = sorted(report.findings, key=lambda one: not one.fatal)
        rows = [(one.kind, "stops training" if one.fatal else "", one.name, one.detail) for one in worst_first]
        table(rows, ("finding", "", "name", "detail"))
    else:
        typer.echo(f"{path}: {report.count:,} pictures, nothing to complain about")
    if report.fatal:
        stops = [finding.name for finding in report.findings if finding.fatal]
        more = f" and {len(stops) - 5:,} more" if len(stops) > 5 else ""
        skippable = all(finding.kind in ("broken", "truncated") for finding in report.findings if finding.fatal)
        remedy = "; mend them, or train with --skip-bad" if skippable and report.count > len(stops) else ""
        raise SparringError(f"{path}: training would fail because of {', '.join(stops[:5])}{more}{remedy}")


@app.command()
def convert(
    path: Where,
    destination: Annotated[Path, typer.Argument(metavar="FILE.zip", help="Written here; it must not exist.")],
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="size, fit, filter, channels, split, label, skip_bad."),
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave broken pictures out.")] = False,
    as_json: Json = False,
) -> None:
    """Write a zip of PNG files with dataset.json, the layout that StyleGAN and its kin read."""
    from sparring.config import Data
    from sparring.data import convert as write_zip
    from sparring.errors import UsageError
    from sparring.recipes import override, parse, validate

    # the same keys as in `train`, where they carry the name of their table
    asked = {key.removeprefix("data."): value for key, value in parse(settings or []).items()}
    config, errors = validate(Data, override({"path": path, "skip_bad": skip_bad}, asked), at="data")
    if config is None:
        raise UsageError("\n".join(errors))
    count = write_zip(path, destination, config, _announce)
    if as_json:
        echo_json({"out": str(destination), "pictures": count})
    else:
        typer.echo(f"{destination}: {count:,} pictures")


def _facts(report: "Report") -> dict[str, Any]:
    return {
        "path": report.path,
        "layout": report.layout,
        "pictures": report.count,
        "splits": list(report.splits),
        "classes": report.classes,
        "captions": report.captions,
        "sizes": {f"{width}x{height}": count for (height, width), count in report.sizes.most_common()},
        "modes": dict(report.modes.most_common()),
        "bits": dict(report.bits.most_common()),
        "findings": [
            {"kind": one.kind, "name": one.name, "detail": one.detail, "fatal": one.fatal} for one in report.findings
        ],
    }


def _words(value: Any, most: int = 12) -> str:
    """A few words for a person: the start of a long list, and how much longer it is."""
    if isinstance(value, dict):
        items = [f"{name} ({count:,})" for name, count in Counter(value).items()]
    elif isinstance(value, list):
        items = [str(item) for item in value]
    else:
        return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    more = f", and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
