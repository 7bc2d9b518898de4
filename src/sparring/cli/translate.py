"""`sparring translate`: pictures and videos through a trained translator."""

from pathlib import Path
from typing import Annotated

import typer

from sparring.cli.output import Json, echo_json


def translate(
    model: Annotated[Path, typer.Argument(help="Folder of a run or of a shipped model.")],
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="IN... OUT",
            help="Pictures, videos, folders, zips or globs; and where to: a file for one picture, else a folder.",
        ),
    ],
    to: Annotated[
        str | None, typer.Option(metavar="DOMAIN", help="The domain that is wanted, of a model that knows several.")
    ] = None,
    variants: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="So many translations of each, NAME-1.png to NAME-N.png, of a model that knows many; the first is the "
            "one that comes without this option. Those of one number have the same latent, always.",
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Write what goes in and what comes out side by side.")
    ] = False,
    targets: Annotated[
        Path | None,
        typer.Option(help="With --compare: what should have come out, a picture, or a folder of the same names."),
    ] = None,
    device: Annotated[str, typer.Option(help="Where to compute: cpu, cuda.")] = "cpu",
    as_json: Json = False,
) -> None:
    """Make of each picture what the model was taught, at its own size; folders keep their structure.

    What cannot be read is named and left out; then the exit code is 1.
    """
    from sparring.errors import UsageError

    if len(paths) < 2:
        raise UsageError("say what to translate and where to: sparring translate MODEL IN OUT")
    if targets is not None and not compare:
        raise UsageError("--targets names true pictures to stand beside the others: add --compare")
    from sparring.data.sources import printable
    from sparring.games.picture_to_picture import translation
    from sparring.inference.compare import Compare
    from sparring.inference.compare import targets as open_targets
    from sparring.inference.jobs import passed_over, plan
    from sparring.inference.model import load
    from sparring.inference.translate_files import run

    *inputs, out = paths
    beside = Compare(open_targets(targets) if targets is not None else None) if compare else None
    jobs = plan(inputs, out, variants, beside)  # a wrong name is said before anything is loaded
    if strange := passed_over(inputs):
        some = ", ".join(map(printable, strange[:3])) + (", ..." if len(strange) > 3 else "")
        typer.echo(f"passed over, being no pictures that can be read: {len(strange):,} ({some})", err=True)
    product = load(model, device).product
    translation(product).check(to, variants or 0)
    done = run(product, jobs, lambda text: typer.echo(text, err=True), to, beside)
    if as_json:
        echo_json({"out": str(out), "written": done.written, "videos": done.videos, "skipped": list(done.skipped)})
    else:
        kinds = {"pictures": done.written, "videos": done.videos, "left out": len(done.skipped)}
        said = [f"{count:,} {kind}" for kind, count in kinds.items() if count]
        typer.echo(f"{out}: {', '.join(said)}")
    if done.skipped:
        raise typer.Exit(1)
