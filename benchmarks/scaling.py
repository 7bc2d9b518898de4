"""What several processes would gain: what they send to each other, and how long that takes at a given bandwidth.

    .venv/bin/python -m benchmarks.scaling predict [--recipes dcgan-celeba ...] [--seconds 0.02] [--bandwidth 25]
    .venv/bin/python -m benchmarks.scaling measure [--minutes 0.5]

`predict` counts the bytes that are summed over all processes in a step: the gradients of each move, its losses, and
the running statistics. A ring of n processes sends 2 (n - 1) / n times that through each, in 2 (n - 1) messages
(Patarasu and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations", 2009); nothing is computed
meanwhile. Each process has as many pictures as the recipe's batch. `measure` trains the same recipe in one process and
in two, with a thread each, and says how many more pictures the two were shown in the same time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from sparring.games.base import Game
from sparring.runs.launch import resolve
from sparring.runs.prepare import prepare
from sparring.runs.session import Silent
from sparring.training.loop import Trainer

WORLDS = (1, 2, 8, 64, 256, 1024)


@dataclass(frozen=True)
class Traffic:
    """What is summed over all processes in a step.

    Attributes:
        bytes: in all.
        messages: sums, each of one bucket.
    """

    bytes: int
    messages: int

    def seconds(self, world: int, bandwidth: float, latency: float) -> float:
        """Of a step, with a ring of processes.

        Args:
            world: processes.
            bandwidth: bytes a second that each sends.
            latency: seconds of a message between neighbours.

        >>> Traffic(1000, 1).seconds(2, 1000.0, 0.0), Traffic(1000, 1).seconds(1, 1000.0, 1.0)
        (1.0, 0.0)
        """
        hops = 2 * (world - 1)
        return hops / world * self.bytes / bandwidth + hops * latency * self.messages


def traffic(trainer: Trainer) -> Traffic:
    """What a step of a game sends."""
    game: Game = trainer.game
    moved = statistics = turns = 0
    for move in game.moves():
        weights = sum(one.numel() for name in move.trains for one in game.players[name].parameters())
        moved += 4 * move.repeat * weights
        turns += move.repeat
    batches = max(move.repeat for move in game.moves())
    for one in game.buffers():
        statistics += one.numel() * one.element_size()
    kinds = len({one.dtype for one in game.buffers()})
    return Traffic(moved + batches * statistics, turns + batches * kinds + 1)


def predict(recipes: list[str], seconds: float, bandwidth: float, latency: float) -> None:
    """Print how much of the time is computing, for each number of processes."""
    print(f"A step of {seconds * 1e3:g} ms, {bandwidth:g} GB/s, {latency * 1e6:g} us from neighbour to neighbour:\n")
    print(f"| recipe | MB a step | sums | {' | '.join(f'{world:,}' for world in WORLDS)} |")
    print(f"| --- | --- | --- |{' --- |' * len(WORLDS)}")
    for recipe in recipes:
        session = prepare(resolve(recipe, [], data="shapes", images=10**6), recipe, Silent())
        found = traffic(session.trainer)
        shares = [seconds / (seconds + found.seconds(world, bandwidth * 1e9, latency)) for world in WORLDS]
        cells = " | ".join(f"{share:.0%}" for share in shares)
        print(f"| {recipe} | {found.bytes / 1e6:.1f} | {found.messages} | {cells} |")


def measure(recipes: list[str], minutes: float) -> None:
    """Print the images a second of one process and of two, a thread each."""
    print("| recipe | one process, images/s | two | ratio |\n| --- | --- | --- | --- |")
    for recipe in recipes:
        one, two = (_rate(recipe, count, minutes) for count in (1, 2))
        print(f"| {recipe} | {one:,.0f} | {two:,.0f} | {two / one:.2f} |", flush=True)


def _rate(recipe: str, processes: int, minutes: float) -> float:
    """Images a second of training, each process with the recipe's batch."""
    batch = resolve(recipe).batch_size * processes
    settings = ["speed=exact", "guard=off", f"batch_size={batch}", "device=cpu"]
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "sparring", "train", recipe, *settings, "--data", "shapes", "--json"]
        command += ["--minutes", str(minutes), "--runs", place, "--nproc", str(processes)]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
        )
    found: float = json.loads(done.stdout.splitlines()[-1])["images_per_second"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["predict", "measure"])
    parser.add_argument("--recipes", nargs="+", default=["dcgan-svhn", "dcgan-celeba", "wgan-gp", "relativistic"])
    parser.add_argument("--seconds", type=float, default=0.02, help="of computing a step")
    parser.add_argument("--bandwidth", type=float, default=25.0, help="GB/s that a process sends")
    parser.add_argument("--latency", type=float, default=5e-6, help="seconds from neighbour to neighbour")
    parser.add_argument("--minutes", type=float, default=0.5)
    asked = parser.parse_args()
    if asked.what == "predict":
        predict(asked.recipes, asked.seconds, asked.bandwidth, asked.latency)
    else:
        measure(asked.recipes, asked.minutes)


if __name__ == "__main__":
    main()
