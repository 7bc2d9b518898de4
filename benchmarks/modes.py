"""Modes of `ring8` and `grid25` that games cover, beside the published numbers of PacGAN (table 2 of docs/results.md).

    .venv/bin/python -m benchmarks.modes [--seeds 10] [--images N] [--sets ring8 grid25] [--rows gan ...]

The last row is the recipe of the set's name as it is. All other rows take from it the networks (`points`: three hidden
layers of 128, LeakyReLU, in both players), the latent, the batch, the number of real images, the way the learning rate
falls and the moving average; what they have of their own is in `ROWS`. 2,500 points are drawn from the average, as many
as in the papers. Two processes of one thread each; the seconds are those that a run's own process was computing, so
that other work on the machine does not count.

Published (Lin et al., arXiv:1712.04086, table 1, means of ten runs): 40,000,000 points in batches of 100, generators of
four layers of 400 with batch norm, discriminators of three maxout layers of 200 with five pieces each, Adam 1e-4.
"""

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import torch

from sparring.config import Recipe
from sparring.data.synthetic import PointSource
from sparring.inference import sample
from sparring.metrics.modes import of_points
from sparring.runs.launch import resolve
from sparring.runs.prepare import prepare
from sparring.runs.session import Silent

SAMPLES = 2500
PROCESSES = 2


@dataclass(frozen=True)
class Row:
    """A game and its settings; what is published of it on the two sets: modes, share of high quality, reverse KL."""

    recipe: str
    settings: tuple[str, ...]
    ring8: tuple[str, str, str] = ("", "", "")
    grid25: tuple[str, str, str] = ("", "", "")


GAN = ("game.real_label=1.0", "optimizer.lr=1e-3", "optimizer.betas=[0.5,0.999]")
ROWS = {
    "gan": Row("gan", GAN, ("6.3", "98.2", "0.45"), ("17.3", "94.8", "0.70")),
    "gan, packing 2": Row("gan", (*GAN, "game.aids.packing=2"), ("7.9", "95.6", "0.07"), ("23.8", "91.3", "0.13")),
    "gan, packing 4": Row("gan", (*GAN, "game.aids.packing=4"), ("7.8", "95.9", "0.07"), ("24.8", "93.6", "0.04")),
    "wgan": Row("wgan", ("optimizer.lr=1e-3",)),
    "wgan-gp": Row("wgan-gp", ("optimizer.lr=1e-3", "game.penalty=0.1")),
}
OURS = "relativistic"


@dataclass(frozen=True)
class Run:
    """What is asked of a process."""

    row: str
    data: str
    seed: int
    images: int


@dataclass(frozen=True)
class Result:
    """How one run ended."""

    covered: int
    high_quality: float
    reverse_kl: float
    images: int
    seconds: float


def recipe_of(run: Run) -> Recipe:
    """The recipe of the set, or a row's own with the set's frame around it."""
    falling = ("schedule.decay_from=0.5",)
    ours = resolve(run.data, falling, images=run.images, seed=run.seed)
    if run.row == OURS:
        return ours
    frame = (
        *(f"game.{key}={ours.game[key]}" for key in ("network", "width", "latent")),
        *(f"average.{key}={value}" for key, value in ours.average.model_dump().items()),
        f"batch_size={ours.batch_size}",
    )
    row = ROWS[run.row]
    return resolve(row.recipe, (*frame, *falling, *row.settings), data=run.data, images=run.images, seed=run.seed)


def play(run: Run) -> Result:
    """Train, draw and count."""
    torch.set_num_threads(1)
    began = time.process_time()
    session = prepare(recipe_of(run), run.row, Silent())
    trainer = session.trainer
    for _ in trainer.run(session.stream, run.images):
        pass
    source = session.dataset.source
    assert isinstance(source, PointSource)
    points = sample.array(trainer.game.product(dict(trainer.averages.players.items())), SAMPLES, seed=run.seed)
    found = of_points(points, source.modes, source.sigma)
    seconds = time.process_time() - began
    return Result(found.covered, found.high_quality, found.reverse_kl, trainer.images, seconds)


def line(run: Run, results: list[Result]) -> str:
    """A row of the table, over all seeds."""
    covered = [result.covered for result in results]
    quality, divergence, seconds = (
        np.mean([getattr(result, name) for result in results]) for name in ("high_quality", "reverse_kl", "seconds")
    )
    modes, high, reverse = getattr(ROWS[run.row], run.data) if run.row in ROWS else ("", "", "")
    return (
        f"| {run.data} | {run.row} | **{np.mean(covered):.1f}** ({min(covered)} to {max(covered)}) | {modes} | "
        f"{100 * quality:.1f} | {high} | {divergence:.3f} | {reverse} | {results[0].images:,} | {seconds:.0f} |"
    )


def table(runs: list[Run], seeds: int) -> Iterable[str]:
    """The rows, each as soon as its seeds are through."""
    with get_context("spawn").Pool(PROCESSES) as pool:
        results: list[Result] = []
        for run, result in zip(runs, pool.imap(play, runs), strict=True):
            results.append(result)
            if len(results) == seeds:
                yield line(run, results)
                results = []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--images", type=int, help="by default what the recipe ring8 or grid25 says")
    parser.add_argument("--sets", nargs="+", default=["ring8", "grid25"], choices=["ring8", "grid25"])
    parser.add_argument("--rows", nargs="+", default=[*ROWS, OURS], choices=[*ROWS, OURS])
    options = parser.parse_args()
    measured = ("modes covered, mean (range)", "high quality, %", "reverse KL")
    print("| set | game | " + " | ".join(f"{name} | published" for name in measured) + " | images | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    runs = [
        Run(row, data, seed, options.images or resolve(data).images or 0)
        for data in options.sets
        for row in options.rows
        for seed in range(options.seeds)
    ]
    for text in table(runs, options.seeds):
        print(text, flush=True)


if __name__ == "__main__":
    main()
