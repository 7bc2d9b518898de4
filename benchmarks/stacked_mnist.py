"""Modes of Stacked MNIST that games cover in so many minutes (table 3 of docs/results.md).

    .venv/bin/python -m benchmarks.stacked_mnist [--minutes 30] [--seeds 1] [--data ../shared/data] [--work FOLDER]

A picture is three handwritten digits, one a channel, so there are 1,000 modes: the number that the digits write. 50,000
of them are made from the 8,000 training digits of mnist-10k, every class equally likely. A small convolutional network
that this script trains on the same 8,000 digits, and whose accuracy on the 2,000 others it prints, reads the channels
of 26,000 generated pictures one by one. Counted are the modes that come up at all, and the divergence of their
histogram from uniform, less the floor of a perfect sampler (999 / 52,000). A reader names a digit whatever it is shown,
smudges too, and smudges of many kinds come up as many modes; so the share of channels that it is sure of (at least
0.9 of its probability on one digit) stands beside them. The first row judges 26,000 pictures made of the test digits in
the same way: what the numbers are for a sampler that is as good as can be, read by this reader.

Published (26,000 samples, 28 x 28 or 32 x 32, another reader, all 60,000 digits): DCGAN 99 modes and 3.40 (Srivastava
et al., arXiv:1705.07761), WGAN-GP 959 and 0.73, DCGAN with packing 2 1,000 and 0.06 (Lin et al., arXiv:1712.04086; with
6,400,000 pictures), relativistic with R1 and R2 1,000 and 0.08 (Huang et al., arXiv:2501.05441; 10,000,000 pictures);
WGAN-GP's as quoted by Huang et al. These divergences still have the floor in them.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import sparring
from sparring.config import Data
from sparring.data import open_dataset
from sparring.data.batches import from_stored
from sparring.inference import draw
from sparring.metrics.modes import of_classes
from sparring.runs.session import Outcome

PICTURES, SAMPLES, MODES = 50_000, 26_000, 1000
SURE = 0.9
Array = NDArray[np.uint8]


@dataclass(frozen=True)
class Row:
    """A game, its settings, and what is published of it: modes and divergence."""

    title: str
    recipe: str
    settings: tuple[str, ...] = ()
    published: tuple[str, str] = ("", "")


ROWS = (
    Row("dcgan", "dcgan", (), ("99", "3.40")),
    Row("wgan-gp", "wgan-gp", (), ("959", "0.73")),
    Row("dcgan, packing 2", "dcgan", ("game.aids.packing=2",), ("1,000", "0.06")),
    Row("relativistic", "relativistic", (), ("1,000", "0.08")),
)


def digits(data: Path, split: str) -> tuple[Array, NDArray[np.int64]]:
    """[N, 28, 28] and [N]."""
    dataset = open_dataset(Data(path=str(data / "mnist-10k"), split=split))
    assert dataset.stored is not None and dataset.labels is not None
    return dataset.stored.numpy()[:, 0], dataset.labels


def stack(pictures: Array, labels: NDArray[np.int64], count: int, seed: int) -> Array:
    """[count, 28, 28, 3]: for each channel a class, all equally likely, and then a digit of that class."""
    generator = np.random.default_rng(seed)
    of_class = [np.flatnonzero(labels == digit) for digit in range(10)]
    chosen = np.empty((count, 3), np.int64)
    classes = generator.integers(10, size=chosen.shape)
    for digit, members in enumerate(of_class):
        chosen[classes == digit] = generator.choice(members, size=int((classes == digit).sum()))
    return np.ascontiguousarray(pictures[chosen].transpose(0, 2, 3, 1))


def reader() -> nn.Module:
    """From digits, [N, 1, 28, 28], to scores, [N, 10]."""
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64 * 49, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)),
    )


def moved(batch: Tensor) -> Tensor:
    """Each batch shifted by up to two pixels: 8,000 digits are few, and generated ones are not always centred."""
    down, right = torch.randint(-2, 3, (2,)).tolist()
    return batch.roll((down, right), (2, 3))


def train_reader(pictures: Array, labels: NDArray[np.int64], epochs: int) -> nn.Module:
    """Adam with a rate that falls to 0."""
    seen, wanted = from_stored(torch.from_numpy(pictures[:, None]), 8), torch.from_numpy(labels)
    torch.manual_seed(0)
    network, batch_size = reader(), 100
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, epochs * (len(labels) // batch_size))
    for _ in range(epochs):
        for chosen in torch.randperm(len(labels)).split(batch_size):
            optimizer.zero_grad()
            cross_entropy(network(moved(seen[chosen])), wanted[chosen]).backward()
            optimizer.step()
            schedule.step()
    return network.eval().requires_grad_(False)


@dataclass(frozen=True)
class Reading:
    """What the reader makes of pictures.

    Attributes:
        numbers: [N], the number in [0, 1000) that each picture writes.
        sure: the share of channels whose digit the reader is sure of, 0 to 1.
    """

    numbers: NDArray[np.int64]
    sure: float


def read(network: nn.Module, pictures: Array) -> Reading:
    """Of pictures, [N, 28, 28, 3]."""
    channels = torch.from_numpy(pictures.transpose(0, 3, 1, 2).reshape(-1, 1, 28, 28))
    probabilities = torch.cat([network(from_stored(part, 8)).softmax(1) for part in channels.split(1000)])
    probability, digit = probabilities.max(1)
    numbers = (digit.view(-1, 3) * torch.tensor([100, 10, 1])).sum(1).numpy()
    return Reading(numbers, float((probability >= SURE).float().mean()))


def accuracy(network: nn.Module, pictures: Array, labels: NDArray[np.int64]) -> float:
    """The share of digits that are read as what they are."""
    scores = torch.cat([network(from_stored(part, 8)) for part in torch.from_numpy(pictures[:, None]).split(1000)])
    return float((scores.argmax(1).numpy() == labels).mean())


def line(title: str, seed: object, reading: Reading, published: tuple[str, str], outcome: Outcome | None) -> str:
    """A row of the table."""
    found = of_classes(reading.numbers, MODES)
    work = ("", "") if outcome is None else (f"{outcome.images:,}", f"{outcome.seconds / 60:.1f}")
    modes = (f"**{found.covered:,}**", published[0], f"**{found.excess:.3f}**", published[1])
    cells = (title, seed, *modes, f"{100 * reading.sure:.1f}", *work)
    return "| " + " | ".join(map(str, cells)) + " |"


def play(row: Row, data: Path, work: Path, minutes: float, seed: int) -> tuple[Outcome, Array]:
    """Train and draw; a sheet of the first 64 pictures is left in the work folder."""
    name = f"{row.title.replace(', ', '-').replace(' ', '-')}-{seed}"
    outcome = sparring.train(row.recipe, *row.settings, data=data, runs=work, name=name, seed=seed, minutes=minutes)
    model = sparring.load(outcome.folder)
    pictures = model.sample(SAMPLES, seed=seed).astype(np.uint8)
    (work / f"{name}.png").write_bytes(draw.sheet(pictures[:64], model.config.spec))
    return outcome, pictures


def measure(options: argparse.Namespace, work: Path) -> None:
    """Print the table."""
    pictures, labels = digits(options.data, "train")
    network = train_reader(pictures, labels, options.epochs)
    test_pictures, test_labels = digits(options.data, "test")
    print(
        f"reader: {100 * accuracy(network, test_pictures, test_labels):.2f}% of {len(test_labels):,} unseen digits\n",
        flush=True,
    )
    print("| game | seed | modes | published | KL - floor | published, KL | read surely, % | images | minutes |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    real = read(network, stack(test_pictures, test_labels, SAMPLES, seed=1))
    print(line("the real digits", "", real, ("", ""), None), flush=True)
    stacked = work / "stacked-mnist.npy"
    if not stacked.exists():
        np.save(stacked, stack(pictures, labels, PICTURES, seed=0))
    for row in ROWS:
        for seed in range(1, options.seeds + 1):
            outcome, drawn = play(row, stacked, work, options.minutes, seed)
            print(line(row.title, seed, read(network, drawn), row.published, outcome), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=15, help="of the reader's training")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, help="where pictures and runs are left; by default nowhere")
    options = parser.parse_args()
    if options.work is not None:
        options.work.mkdir(parents=True, exist_ok=True)
        measure(options, options.work)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(options, Path(folder))


if __name__ == "__main__":
    main()
