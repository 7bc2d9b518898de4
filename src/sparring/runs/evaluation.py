"""Judging a model: which pictures it is compared with, and who looks at them."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch

from sparring import data as datasets
from sparring import files, games
from sparring.config import Data
from sparring.data import Dataset
from sparring.data.pairs import without_inputs
from sparring.errors import UsageError
from sparring.inference.model import Model, load
from sparring.metrics import classifier, inception, panel, protocol
from sparring.metrics.features import Extractor, coordinates, nothing
from sparring.metrics.protocol import Protocol
from sparring.metrics.receipt import Receipt
from sparring.runs import report, weights
from sparring.runs.folder import Run, find
from sparring.runs.judge import Judge
from sparring.runs.parts import Sets, open_set, with_test_part
from sparring.training import memory

Say = Callable[[str], None]


def evaluate(
    path: str | Path,
    *,
    by: str = "quick",
    metrics: tuple[str, ...] = (),
    data: str | Path | None = None,
    extractor: Extractor | None = None,
    inception_weights: Path | None = None,
    seed: int = 0,
    device: str = "cpu",
    say: Say = lambda text: None,
) -> list[Receipt]:
    """Measure how good a model's pictures are.

    Args:
        path: the folder of a run or of a shipped model.
        by: the name of a protocol, see `sparring.metrics.protocol`.
        metrics: by name, instead of those of the protocol.
        data: the pictures to compare with; None: those that the run was trained on.
        extractor: instead of the protocol's; the numbers carry its name.
        inception_weights: the file, or its folder, for protocols with the published Inception.
        seed: of the pictures that are drawn.
        device: where to compute.
        say: is told, in a line, how far it is, and what to mind.

    Returns:
        A receipt for each metric that the set and the model allow; those of a run are also kept in its folder.

    Raises:
        UsageError: an unknown name, no pictures to compare with, pictures of another shape, or nothing that can be
            measured of them.
        SparringError: a file is damaged.
    """
    plan = protocol.find(by)
    for name in metrics:
        panel.find(name)
    model = load(path, device)
    run = _run_at(Path(path))
    sets = sets_of(model, run, data, say)
    looks = extractor or find_extractor(plan, sets, inception_weights, say)
    judge = Judge(sets, looks.to(torch.device(device)), by, seed, say)
    able = judge.able(model.product)
    if not {*able} & {*(metrics or plan.metrics)}:
        raise UsageError(
            f"{', '.join(metrics) or f'protocol {by}'} cannot be computed for this set and model; these metrics can: "
            f"{', '.join(able)}"
        )
    found = judge.measure(model.product, model.config.images, metrics)
    if run is not None:
        for one in found:
            run.add_evaluation(one.as_row())
        report.write(run)
    return found


def sets_of(model: Model, run: Run | None, data: str | Path | None, say: Say) -> Sets:
    """Both parts of the set to compare a model with, prepared as its own pictures are.

    Raises:
        UsageError: nobody said which set, or its pictures have another shape than the model's.
        SparringError: the set is damaged.
    """
    spec = model.config.spec
    takes = games.find(model.config.game["name"]).takes
    if data is not None:
        size = None if spec.points else (spec.height, spec.width)
        # a translator's sources are made or found as in its run
        like = run.recipe().data.model_copy(update={"inputs": None}) if run is not None and spec.inputs else Data()
        config = like.model_copy(update={"path": str(data), "size": size, "maps": _maps(spec)})
    elif run is not None:
        config = run.recipe().data
    else:
        raise UsageError("a model folder does not say where its data lies: give --data")
    train = open_set(config, takes, say, spec)
    if _sort(train.spec) != _sort(spec):
        raise UsageError(
            f"pictures of {config.path} are {_shape(train.spec)}, those of the model {_shape(spec)}: "
            "they cannot be compared"
        )
    return with_test_part(train, config, say)


def _maps(spec: datasets.Spec) -> Literal["inputs", "pictures"] | None:
    """Which side are maps of classes."""
    if spec.map is not None:
        return "pictures"
    return "inputs" if spec.inputs is not None and spec.inputs.map is not None else None


def _sort(spec: datasets.Spec | None) -> tuple[int, ...]:
    """The shape and depth of what comes out, and of what goes in."""
    return () if spec is None else (*spec.shape, spec.bits, *_sort(spec.inputs))


def _shape(spec: datasets.Spec) -> str:
    from_what = f", from {_shape(spec.inputs)}" if spec.inputs else ""
    return f"{spec.width}x{spec.height}, {spec.channels} channels of {spec.bits} bits{from_what}"


def _run_at(path: Path) -> Run | None:
    return find(path) if (path / "recipe.toml").is_file() else None


def find_extractor(plan: Protocol, sets: Sets, inception_weights: Path | None, say: Say) -> Extractor:
    """The extractor of a protocol: the published one from its file, or the classifier of this very set; maps need none.

    Raises:
        UsageError: the published file is nowhere.
        SparringError: a file is damaged.
    """
    if sets.train.spec.points:
        return coordinates()
    if sets.train.spec.map is not None:
        return nothing()
    if plan.extractor == "inception":
        return inception.load(weights.find_inception(inception_weights))
    return own_classifier(sets.train, say)


def own_classifier(dataset: Dataset, say: Say) -> Extractor:
    """The classifier of a set, from the store if it was ever trained on this machine; else it is trained now."""
    dataset = without_inputs(dataset)  # the same judge, whatever the pictures are made from
    classes = dataset.spec.classes
    place = files.store() / "classifiers" / f"{dataset.fingerprint}.safetensors"
    if place.is_file():
        return classifier.restore(place, dataset.spec.channels, classes)
    what = f"{len(classes)} classes" if classes else "quarter turns, as there are no labels"
    memory.keep()
    say(f"training the classifier that judges {dataset.title} ({what}); once for this set")
    network = classifier.learn(
        lambda rows: dataset.batch(rows).pictures,
        len(dataset),
        dataset.labels,
        classes,
        dataset.spec.channels,
        tell=lambda share: say(f"training the judge: {share:.0%}"),
    )
    classifier.save(network, place)
    return network
