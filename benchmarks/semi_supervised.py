"""Digits learnt from 100 labels: how often a classifier is wrong that was told ten of each class.

    .venv/bin/python -m benchmarks.semi_supervised [--seeds 5] [--images N] [--rows semi-supervised complement ...]

mnist-10k: 8,000 pictures to learn from, 100 of which keep their label (10 of each class, others for every seed), 2,000
to test on. All rows have the network, batches, optimiser, schedule, augmentation and moving average of their recipe
(the two rows without a generator: of `semi-supervised`) and as many steps. The average at the end is tested, once.
Two seeds are trained at a time, each in a process of one thread; the minutes are those that a process was computing.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import sparring
from sparring import games
from sparring.config import Data, Recipe
from sparring.data import Dataset, Stream, open_dataset
from sparring.data.batches import FewLabels, Images
from sparring.games.base import Game, Move, Sampler, Terms
from sparring.games.noise_to_image import Aids
from sparring.nn.augmentation import Augmenter, cutout
from sparring.runs.launch import resolve
from sparring.seeds import mix
from sparring.training.loop import Trainer

PUBLISHED = {
    "semi-supervised": "0.93 ± 0.07 (Salimans et al., arXiv:1606.03498, table 1)",
    "complement": "0.80 ± 0.10 (Dai et al., arXiv:1705.09783)",
}
SURE = 0.95
"""How likely the classifier must find a class for that class to be taught."""
Loss = Callable[[Callable[[Tensor], Tensor], FewLabels], Terms]


def labels_alone(classify: Callable[[Tensor], Tensor], batch: FewLabels) -> Terms:
    """The 100 labels and nothing else."""
    few = batch.labelled
    return {"labelled": cross_entropy(classify(few.pictures), few.labels)}


def pseudo_labels(classify: Callable[[Tensor], Tensor], batch: FewLabels) -> Terms:
    """FixMatch (Sohn et al., arXiv:2001.07685): the class that it is sure of, it must also see with a box cut out."""
    with torch.no_grad():
        sure, classes = classify(batch.pictures).softmax(1).max(1)
    wrong = cross_entropy(classify(cutout(batch.pictures)), classes, reduction="none")
    return labels_alone(classify, batch) | {"unlabelled": ((sure > SURE) * wrong).mean()}


class Alone(Game):
    """A game of one player, so that the same loop trains it."""

    takes = FewLabels
    averaged: ClassVar[tuple[str, ...]] = ("classifier",)
    legend: ClassVar[Mapping[str, str]] = {}

    def __init__(self, classifier: nn.Module, augmenter: nn.Module, loss: Loss) -> None:
        super().__init__()
        self.players = nn.ModuleDict({"classifier": classifier})
        self.augmenter = augmenter
        self.loss = loss

    def prepare(self, batch: Images) -> Images:
        return batch

    def moves(self) -> list[Move]:
        def loss(batch: FewLabels) -> Terms:
            return self.loss(lambda pictures: self.players["classifier"](self.augmenter(pictures)), batch)

        return [Move("classifier", ("classifier",), loss)]

    def realness(self, batch: Images) -> None:
        return None

    def reading(self, losses: Mapping[str, float]) -> str:
        return ""

    def product(self, players: Mapping[str, nn.Module]) -> Sampler:
        raise NotImplementedError


def without_generator(loss: Loss, recipe: Recipe, dataset: Dataset) -> nn.Module:
    """The averaged classifier of a game of one: the discriminator of the recipe's game, with its first weights."""
    torch.manual_seed(mix("weights", recipe.seed))
    classifier = games.build(recipe.game, dataset.spec).players["discriminator"]
    aids = Aids.model_validate(recipe.game["aids"])
    augmenter = Augmenter(aids.augmentations, adaptive=False) if aids.augment == "fixed" else nn.Identity()
    device = torch.device("cpu")
    game = Alone(classifier, augmenter, loss)
    trainer = Trainer(game, recipe.optimizer, recipe.schedule, recipe.average, recipe.seed, device, recipe.used)
    for _ in trainer.run(Stream(dataset, recipe.batch_size, recipe.seed), recipe.images):
        pass
    return trainer.averages.players["classifier"]


def error_of_baseline(loss: Loss, settings: list[str], data: Path, seed: int, test: Dataset) -> float:
    """Percent of the test pictures."""
    recipe = resolve("semi-supervised", settings, data=data, seed=seed)
    classifier = without_generator(loss, recipe, open_dataset(recipe.data))
    with torch.no_grad():
        return wrong(classifier(test.batch(np.arange(len(test))).pictures).numpy(), test)


def error_of_game(recipe: str, settings: list[str], data: Path, seed: int, test: Dataset) -> float:
    """Percent of the test pictures, by the model that `sparring train` ships."""
    assert test.stored is not None
    with tempfile.TemporaryDirectory() as runs:
        outcome = sparring.train(recipe, *settings, data=data, runs=runs, name="run", seed=seed)
        return wrong(sparring.load(outcome.folder).classify(test.stored.numpy().transpose(0, 2, 3, 1)), test)


def wrong(scores: NDArray[np.float32], test: Dataset) -> float:
    """Percent."""
    assert test.labels is not None
    return 100 * float((scores.argmax(1) != test.labels).mean())


PROCESSES = 2
ROWS: dict[str, Callable[[list[str], Path, int, Dataset], float]] = {
    "semi-supervised": partial(error_of_game, "semi-supervised"),
    "complement": partial(error_of_game, "complement"),
    "labels alone": partial(error_of_baseline, labels_alone),
    "pseudo-labels (FixMatch)": partial(error_of_baseline, pseudo_labels),
}


def error_and_minutes(row: str, settings: list[str], data: Path, seed: int) -> tuple[float, float]:
    """One run, in a process of its own."""
    torch.set_num_threads(1)
    began = time.process_time()
    test = open_dataset(Data(path=str(data), split="test"))
    return ROWS[row](settings, data, seed, test), (time.process_time() - began) / 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--images", type=int, help="unlabelled pictures shown; by default as many as the recipe says")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="settings of every row")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/mnist-10k"))
    options = parser.parse_args()
    settings = [*options.set, *([] if options.images is None else [f"images={options.images}"])]
    print("| classifier | wrong, mean % | deviation | each seed | minutes a seed | published, 60,000 unlabelled |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    jobs = [(row, settings, options.data, seed) for row in options.rows for seed in range(1, options.seeds + 1)]
    with get_context("spawn").Pool(PROCESSES) as pool:
        running = [pool.apply_async(error_and_minutes, job) for job in jobs]
        for first in range(0, len(jobs), options.seeds):
            errors, minutes = zip(*(run.get() for run in running[first : first + options.seeds]), strict=True)
            deviation = f"{statistics.stdev(errors):.2f}" if len(errors) > 1 else "-"
            each, row = ", ".join(f"{error:.2f}" for error in errors), jobs[first][0]
            cells = [f"{statistics.mean(errors):.2f}", deviation, each, f"{statistics.mean(minutes):.1f}"]
            print(f"| {row} | {' | '.join(cells)} | {PUBLISHED.get(row, '-')} |", flush=True)


if __name__ == "__main__":
    main()
