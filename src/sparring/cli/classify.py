"""`sparring classify`: which class a trained classifier finds in each picture of a set."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparring import files
from sparring.cli.output import Json, echo_json, table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sparring.data import Dataset, Spec
    from sparring.inference.model import Model

CHUNK = 1024
"""Pictures that are read at a time."""


def classify(
    model: Annotated[Path, typer.Argument(help="Folder of a run or of a shipped model.")],
    data: Annotated[str, typer.Argument(metavar="DATA", help="A folder, zip, tar or array file, or an embedded set.")],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE", help="fit, filter: as the model was trained with.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A table to write: file, class, confidence.")] = None,
    split: Annotated[str, typer.Option(help="The part to classify, where the set has parts.")] = "train",
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave broken pictures out.")] = False,
    device: Annotated[str, typer.Option(help="Where to compute: cpu, cuda.")] = "cpu",
    as_json: Json = False,
) -> None:
    """Sort pictures into the classes that a semi-supervised model was taught."""
    from sparring.inference.model import load

    judge = load(model, device)
    judge.classifier()  # whether there is one is said before any picture is read
    dataset = _open(data, judge.config.spec, {"split": split, "skip_bad": skip_bad}, settings or [])
    scores = _scores(judge, dataset)
    chosen, classes = scores.argmax(1), judge.config.spec.classes
    if out is not None:
        rows = zip(dataset.kept.tolist(), chosen.tolist(), scores.max(1).tolist(), strict=True)
        write_table(out, ((dataset.source.name(at), classes[number], sure) for at, number, sure in rows))
    counts = {name: int((chosen == number).sum()) for number, name in enumerate(classes)}
    accuracy = _accuracy(chosen, dataset, classes)
    if as_json:
        place = None if out is None else str(out)
        echo_json({"out": place, "pictures": len(chosen), "classes": counts, "accuracy": accuracy})
        return
    table(counts.items(), ("class", "pictures"))
    if accuracy is not None:
        typer.echo(f"{accuracy:.2%} of {len(chosen):,} pictures are of the class that {data} says")
    if out is not None:
        typer.echo(f"{out}: {len(chosen):,} rows")


def _open(path: str, spec: "Spec", given: dict[str, Any], settings: list[str]) -> "Dataset":
    from sparring.config import Data
    from sparring.data import open_dataset
    from sparring.errors import UsageError
    from sparring.recipes import override, parse, validate

    shape = {"size": (spec.height, spec.width), "channels": spec.channels if spec.channels in (1, 3) else None}
    # the same keys as in `train`, where they carry the name of their table
    asked = {key.removeprefix("data."): value for key, value in parse(settings).items()}
    config, errors = validate(Data, override({"path": path, **given}, asked) | shape, at="data")
    if config is None:
        raise UsageError("\n".join(errors))
    return open_dataset(config, lambda text: typer.echo(text, err=True))


def _scores(model: "Model", dataset: "Dataset") -> "NDArray[np.float32]":
    import numpy as np

    from sparring.data.batches import to_stored

    places = np.arange(len(dataset))
    parts = [places[start : start + CHUNK] for start in range(0, len(places), CHUNK)]
    bits = model.config.spec.bits  # a set of another depth is rounded to that of the model
    return np.concatenate([model.classify(to_stored(dataset.batch(part).pictures, bits)) for part in parts])


def _accuracy(chosen: "NDArray[np.int64]", dataset: "Dataset", classes: tuple[str, ...]) -> float | None:
    """The share that is of the class that the set says; None where it says none that the model knows."""
    names = dataset.spec.classes
    if dataset.labels is None or not set(names) <= set(classes):
        return None
    known = [classes.index(name) for name in names]
    said = [known[label] for label in dataset.labels.tolist()]
    return [one == other for one, other in zip(said, chosen.tolist(), strict=True)].count(True) / len(said)


def write_table(path: Path, rows: Iterable[tuple[str, str, float]]) -> None:
    """A CSV file in one move: a row for each picture, its class, and how sure the model is of it, in [0, 1]."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "class", "confidence"))
    writer.writerows((name, chosen, f"{sure:.4f}") for name, chosen, sure in rows)
    files.write(path, text.getvalue())
