"""Images a second, side by side with the course notes' own loop: the same networks, batch, threads and pictures.

    .venv/bin/python -m benchmarks.foundation [--rounds 7] [--seconds 6] [--data ../shared/data]

Both sides take turns of a few seconds in one process; the table has the median of each and of the ratios of
neighbouring turns, and the smallest and largest ratio. Float32, eager, on CPU; loading the data is included.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks import notes
from sparring import games
from sparring.runs.launch import resolve
from sparring.runs.prepare import prepare
from sparring.runs.session import Silent


@dataclass(frozen=True)
class Work:
    """One row of the table."""

    recipe: str
    data: str
    settings: tuple[str, ...]
    required: float


WORKS = (
    Work("gan", "fashion-mnist", ("batch_size=64",), 2.0),
    Work("dcgan-svhn", "openmoji-128.zip", ("batch_size=128",), 1.3),
)
NETWORKS = {"gan": notes.gan_networks, "dcgan-svhn": notes.dcgan_networks}


def ours(work: Work, data: Path) -> Iterator[int]:
    """Sparring's loop, with its average, reading its losses every 32 steps."""
    session = prepare(resolve(work.recipe, work.settings, data=data / work.data), work.recipe, Silent())
    before = 0
    for now in session.trainer.run(session.stream):
        if now.step % 32 == 0:
            session.trainer.losses()
        yield now.images - before
        before = now.images


def theirs(work: Work, data: Path) -> Iterator[int]:
    """The notes' loop on the same pictures, already decoded and resized."""
    recipe = resolve(work.recipe, work.settings, data=data / work.data)
    dataset = prepare(recipe, work.recipe, Silent()).dataset
    assert dataset.stored is not None
    array = np.ascontiguousarray(dataset.stored.numpy().transpose(0, 2, 3, 1))
    generator, discriminator = NETWORKS[work.recipe]()
    game = games.build(recipe.game, dataset.spec)
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        ours = [tuple(parameter.shape) for parameter in game.players[name].parameters()]
        assert ours == [tuple(parameter.shape) for parameter in network.parameters()], "not the same networks"
    return notes.loop(
        generator,
        discriminator,
        array,
        batch_size=recipe.batch_size,
        latent=recipe.game["latent"],
        uniform=recipe.game["name"] == "gan",
        real_label=recipe.game["real_label"],
        lr=recipe.optimizer.lr,
        betas=recipe.optimizer.betas,
    )


def turn(loop: Iterator[int], seconds: float) -> float:
    """Images a second over one turn."""
    began, images = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        images += next(loop)
    return images / (time.perf_counter() - began)


def compare(work: Work, data: Path, rounds: int, seconds: float) -> str:
    """A row of the table."""
    plain, own = theirs(work, data), ours(work, data)
    turn(plain, 2), turn(own, 2)  # warm up
    pairs = [(turn(plain, seconds), turn(own, seconds)) for _ in range(rounds)]
    ratios = [fast / slow for slow, fast in pairs]
    slow, fast = (statistics.median(side) for side in zip(*pairs, strict=True))
    return (
        f"| `{work.recipe}`, {work.data}, {work.settings[0]} | {slow:,.0f} | {fast:,.0f} | "
        f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f}) | {work.required} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {options.rounds} rounds")
    print("| work | notes' loop, images/s | Sparring, images/s | ratio, median (range) | required |")
    print("| --- | --- | --- | --- | --- |")
    for work in WORKS:
        print(compare(work, options.data, options.rounds, options.seconds), flush=True)


if __name__ == "__main__":
    main()
