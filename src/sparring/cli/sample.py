"""`sparring sample`: pictures from a trained generator."""

from pathlib import Path
from typing import Annotated

import typer

from sparring.cli.output import Json, echo_json


def sample(
    model: Annotated[Path, typer.Argument(help="Folder of a run or of a shipped model.")],
    out: Annotated[
        Path, typer.Option(help="A folder for one PNG each, FILE.npz for one array, FILE.png for one sheet.")
    ],
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many pictures.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Picture i depends on the seed and on i alone.")] = 0,
    label: Annotated[
        str | None, typer.Option(help="The class of all of them, of a model that was taught classes.")
    ] = None,
    device: Annotated[str, typer.Option(help="Where to compute: cpu, cuda.")] = "cpu",
    quick: Annotated[
        bool, typer.Option("--quick", help="In bfloat16 if that is faster here; off by less than one of 256 shades.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Draw pictures from noise."""
    from sparring.inference.model import load
    from sparring.inference.quick import quickened
    from sparring.inference.write import kind_of, write

    kind_of(out)  # a wrong name is said before anything is loaded
    product = load(model, device).product
    how = write(quickened(product) if quick else product, count, seed, out, label)
    if as_json:
        echo_json({"out": str(out), "count": count, "seed": seed, "label": label})
    else:
        kind = f", class {label!r}" if label else ""
        typer.echo(f"{out}: {count:,} pictures of seed {seed}{kind}, {how}")
