"""Real images a second of pix2pix and cyclegan, beside plain loops of the published form.

    .venv/bin/python -m benchmarks.translation_speed

At equal networks, batch and batches; the sides take turns in one process, and the ratio is the median over the turns.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from itertools import islice

from benchmarks.plain import Step, copies, cyclegan, pix2pix
from benchmarks.translation import SHARED
from sparring.data.batches import Images
from sparring.runs.launch import resolve
from sparring.runs.prepare import prepare
from sparring.runs.session import Silent
from sparring.training.loop import Trainer

CASES = (("pix2pix", 64, 8), ("pix2pix", 128, 4), ("cyclegan", 64, 1), ("cyclegan", 128, 1))
PLAINLY = {"pix2pix": pix2pix, "cyclegan": cyclegan}
TURNS, STEPS = 7, 10


class Again:
    """The same few batches."""

    def __init__(self, batches: Sequence[Images]) -> None:
        self.batches = batches

    def starting(self, k: int) -> Iterator[Images]:
        """From the first one on."""
        return iter(self.batches)


def played(trainer: Trainer, batches: Sequence[Images]) -> float:
    """Seconds of our loop for the batches."""
    began = time.perf_counter()
    for _ in islice(trainer.run(Again(batches)), len(batches)):
        pass
    return time.perf_counter() - began


def played_plainly(step: Step, batches: Sequence[Images]) -> float:
    """Seconds of a plain loop for the batches."""
    began, following = time.perf_counter(), iter(batches)
    for _ in batches:
        step(following)
    return time.perf_counter() - began


def measure(name: str, size: int, batch: int) -> str:
    """A row of the table."""
    side = "pairs=gray" if name == "pix2pix" else f"inputs={SHARED / 'openmoji-128.zip'}"
    settings = [f"data.size={size}", f"batch_size={batch}", f"data.{side}"]
    session = prepare(resolve(name, settings, SHARED / "twemoji-128.zip", images=10**9), name, Silent())
    plain = PLAINLY[name](copies(session.trainer.game), session.recipe)
    batches = [session.stream.batch(k) for k in range(STEPS)]
    turns = [(played(session.trainer, batches), played_plainly(plain, batches)) for _ in range(TURNS + 1)]
    del turns[0]  # it warms up
    ours, theirs = (batch * STEPS / statistics.median(side) for side in zip(*turns, strict=True))
    ratio = statistics.median(their / our for our, their in turns)
    return f"| {name} | {size} | {batch} | {theirs:.1f} | {ours:.1f} | {ratio:.2f} |"


def main() -> None:
    print("| game | pixels | batch | plain loop, images/s | sparring, images/s | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for case in CASES:
        print(measure(*case), flush=True)


if __name__ == "__main__":
    main()
