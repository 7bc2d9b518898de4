"""Do the generators obey their labels? GAN-test and GAN-train on fashion-mnist.

    .venv/bin/python -m benchmarks.conditional [--minutes 5] [--seeds 1] [--recipes auxiliary ...]

A small classifier that shares nothing with the games is trained on the real training pictures. GAN-test is how often
it agrees with the label that a fake was asked for; GAN-train is how often the same classifier, trained afresh for as
long on fakes alone, is right on the real test pictures (Shmelkov et al., arXiv:1807.09499). The first is high if fakes
look like their class, the second only if they also vary as real ones do. A recipe may bring settings along, in quotes:
"projection game.width=48".
"""

import argparse
import shlex
import statistics
import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import sparring
from sparring import data as datasets
from sparring.config import Data
from sparring.games.base import sampler
from sparring.games.noise_to_image import CLASS
from sparring.inference.model import Model
from sparring.nn.layout import laid_out

SHOWN, BATCH, RATE = 300_000, 128, 3e-3
"""Pictures that a classifier is shown, whatever it is trained on; in a batch; and its highest learning rate."""
TESTED = 10_000
RECIPES = ["relativistic-projection", "conditional", "projection", "auxiliary"]


def classifier(classes: int) -> nn.Module:
    """Three convolutions for grey pictures of 28 x 28; nothing of the package's own networks."""

    def block(inputs: int, outputs: int) -> list[nn.Module]:
        return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]

    hidden = [nn.Flatten(), nn.Dropout(0.3), nn.Linear(64 * 3 * 3, 128), nn.ReLU(), nn.Linear(128, classes)]
    network = nn.Sequential(*block(1, 16), *block(16, 32), *block(32, 64), *hidden)
    return laid_out(network)


def scaled(pictures: NDArray[np.generic]) -> Tensor:
    """[N, H, W, 1] of uint8 as [N, 1, H, W] in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).float() / 127.5 - 1


def learn(pictures: Tensor, labels: Tensor, classes: int) -> nn.Module:
    """A classifier of these pictures; the same number of steps for any set."""
    torch.manual_seed(0)
    network = classifier(classes)
    steps = SHOWN // BATCH
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    for _ in range(steps):
        chosen = torch.randint(len(pictures), (BATCH,))
        loss = cross_entropy(network(pictures[chosen]), labels[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


@torch.no_grad()
def agreement(network: nn.Module, pictures: Tensor, labels: Tensor) -> Tensor:
    """[N], whether the classifier says so too."""
    return torch.cat([network(part).argmax(1) for part in pictures.split(1000)]) == labels


def fakes(model: Model, first: int, count: int) -> tuple[Tensor, Tensor]:
    """Numbered fakes and what they were asked to be, which their latent vectors say."""
    latent = sampler(model.product).latent
    asked = latent.numbered(0, first, count)[:, latent.columns(CLASS)]
    return scaled(model.sample(count, first=first)), latent.code(CLASS).read(asked)


class Examiner:
    """Examines models with one classifier of the real pictures.

    Args:
        folder: of the set.
    """

    def __init__(self, folder: Path) -> None:
        train, test = (datasets.open_dataset(Data(path=str(folder), split=part), print_nothing) for part in PARTS)
        self.classes = train.spec.classes
        self.count = len(train)
        self.test = real(test)
        self.judge = learn(*real(train), len(self.classes))
        self.ceiling = float(agreement(self.judge, *self.test).float().mean())

    def examine(self, model: Model) -> tuple[float, str, float]:
        """GAN-test, its weakest class, and GAN-train."""
        pictures, labels = fakes(model, 0, TESTED)
        agrees = agreement(self.judge, pictures, labels).float()
        shares = [float(agrees[labels == number].mean()) for number in range(len(self.classes))]
        weakest = min(range(len(shares)), key=shares.__getitem__)
        taught = learn(*fakes(model, TESTED, self.count), len(self.classes))
        right = float(agreement(taught, *self.test).float().mean())
        return float(agrees.mean()), f"{self.classes[weakest]} {shares[weakest]:.2f}", right


PARTS = ("train", "test")


def print_nothing(text: str) -> None:
    """Notes on the data are not part of the table."""


def real(dataset: datasets.Dataset) -> tuple[Tensor, Tensor]:
    assert dataset.stored is not None and dataset.labels is not None
    return scaled(dataset.stored.numpy().transpose(0, 2, 3, 1)), torch.from_numpy(dataset.labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5, help="of training, for each run")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--recipes", nargs="+", default=RECIPES)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/fashion-mnist"))
    options = parser.parse_args()
    examiner = Examiner(options.data)
    print(f"The classifier is right on {examiner.ceiling:.3f} of the real test pictures.\n")
    print("| recipe | seed | images shown | images/s | GAN-test | weakest class | GAN-train |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    medians = []
    for line in options.recipes:
        recipe, *settings = shlex.split(line)
        results = []
        for seed in range(1, options.seeds + 1):
            with tempfile.TemporaryDirectory() as folder:
                where = {"data": options.data, "runs": folder, "name": "run"}
                outcome = sparring.train(recipe, *settings, **where, seed=seed, minutes=options.minutes)
                tested, weakest, trained = examiner.examine(sparring.load(outcome.folder))
            results.append((tested, trained))
            speed = f"{outcome.images:,} | {outcome.images_per_second:,.0f}"
            print(f"| `{line}` | {seed} | {speed} | {tested:.3f} | {weakest} | {trained:.3f} |", flush=True)
        tested, trained = (statistics.median(column) for column in zip(*results, strict=True))
        medians.append(f"| `{line}` | {tested:.3f} | {trained:.3f} |")
    if options.seeds > 1:
        print("\n| recipe, median of the seeds | GAN-test | GAN-train |\n| --- | --- | --- |", *medians, sep="\n")


if __name__ == "__main__":
    main()
