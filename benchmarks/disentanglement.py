"""How much of each known factor one number of the latent vector carries, and how much leaks into others.

    .venv/bin/python -m benchmarks.disentanglement [--games infogan disentangled] [--minutes 5 | --images N] [--seeds 3]

Trains the recipes on the embedded `shapes`, 32 x 32 in colour. Every factor of 20,000 generated pictures is then read
off by a classifier of its own, which was trained on real shapes and is judged on the test split. With I the mutual
information between a part of the latent vector (a code, or a single number of noise) and a factor as it was read, and H
the entropy of the factor in the real set:

- carried: the largest I / H; 1 means that this part alone says which value the picture shows;
- gap: to the second largest, for the mean of which over factors see Chen et al., arXiv:1802.04942, equation 6 (MIG).
  Theirs goes from pictures to an encoder's latents; here it goes from latents to pictures, since there is no encoder;
- leak: the mean I / H of all other codes.

Numbers are cut into 60 parts that are equally likely: 60 is a multiple of all numbers of values, so no border of a
value falls inside a part. I is biased upwards on finite samples; the mean over shuffled pairs, the floor, is taken off.
"""

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import sparring
from sparring.config import Data
from sparring.data.batches import Factored
from sparring.data.dataset import Dataset, open_dataset
from sparring.data.spec import Factor
from sparring.games.base import Sampler, sampler
from sparring.nn.latents import Latent

PARTS = 60
SAMPLES = 20_000
SHUFFLES = 5


class Reader(nn.Module):
    """A classifier of all factors, of another build than any discriminator here."""

    def __init__(self, factors: tuple[Factor, ...]) -> None:
        super().__init__()
        self.sizes = [len(factor.values) for factor in factors]
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, 16), (16, 32), (32, 64)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 16, 128), nn.ReLU(), nn.Dropout(0.3))
        self.scores = nn.Linear(128, sum(self.sizes))

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """[N, 3, 32, 32] to the scores of each factor, [N, values] each."""
        return torch.split(self.scores(self.layers(pictures)), self.sizes, 1)

    @torch.no_grad()
    def read(self, pictures: Tensor) -> Tensor:
        """[N, 3, 32, 32] to values, [N, F]."""
        parts = [torch.stack([own.argmax(1) for own in self(part)], 1) for part in torch.split(pictures, 500)]
        return torch.cat(parts)


def everything(dataset: Dataset) -> Factored:
    batch = dataset.batch(torch.arange(len(dataset)).numpy())
    assert isinstance(batch, Factored)
    return batch


def train_reader(dataset: Dataset, epochs: int) -> Reader:
    """Trained on real shapes with a little noise, so that a generator's roughness does not mislead it."""
    torch.manual_seed(0)
    data, reader = everything(dataset), Reader(dataset.spec.factors)
    optimiser = torch.optim.Adam(reader.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for _ in range(epochs):
        for at in torch.split(torch.randperm(len(data)), 64):
            pictures = data.pictures[at] + 0.1 * torch.randn_like(data.pictures[at])
            scores = reader(pictures)
            loss = torch.stack(
                [cross_entropy(own, data.factors[at, column]) for column, own in enumerate(scores)]
            ).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
    return reader.eval().requires_grad_(False)


def mutual_information(left: Tensor, right: Tensor) -> float:
    """In nats, between two columns of whole numbers from 0 up, [N] each, by counting."""
    size = int(right.max()) + 1
    joint = torch.bincount(left * size + right, minlength=(int(left.max()) + 1) * size).double()
    joint = joint.view(-1, size) / len(left)
    apart = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    there = joint > 0
    return float((joint[there] * (joint[there] / apart[there]).log()).sum())


def parts_of(latent: Latent, latents: Tensor) -> dict[str, Tensor]:
    """Every code, and every single number of noise, as a column of whole numbers, [N]."""
    columns = {}
    for code in latent.codes:
        own = latents[:, latent.columns(code.name)]
        columns[code.name] = own.argmax(1) if code.kind == "one-hot" else _cut((own.squeeze(1) + 1) / 2)
    for number in range(latent.noise):
        noise = latents[:, number]
        columns[f"noise {number}"] = _cut(
            torch.special.ndtr(noise) if latent.distribution == "normal" else (noise + 1) / 2
        )
    return columns


def _cut(uniform: Tensor) -> Tensor:
    return (uniform * PARTS).long().clamp(0, PARTS - 1)


@dataclass(frozen=True)
class Measured:
    """Shares of the entropy of each factor, [parts, F], in the order of `names`; the floor is subtracted.

    Attributes:
        codes: how many of the names are codes; the others are numbers of noise.
        floor: the largest that was subtracted.
        obeyed: for factors that have a code of their own, how often the picture shows what was asked for.
    """

    names: list[str]
    codes: int
    shares: Tensor
    floor: float
    obeyed: dict[str, float]


@torch.no_grad()
def measure(product: Sampler, reader: Reader, factors: tuple[Factor, ...], samples: int = SAMPLES) -> Measured:
    torch.manual_seed(1)
    latents = product.latent.draw(samples)
    read = reader.read(torch.cat([product.generator(part) for part in torch.split(latents, 500)]))
    parts = parts_of(product.latent, latents)
    shares, floors = torch.zeros(len(parts), len(factors)), []
    for row, part in enumerate(parts.values()):
        for column, factor in enumerate(factors):
            raw = mutual_information(part, read[:, column])
            shuffled = [mutual_information(part[torch.randperm(samples)], read[:, column]) for _ in range(SHUFFLES)]
            floors.append(statistics.mean(shuffled) / log(len(factor.values)))
            shares[row, column] = raw / log(len(factor.values)) - floors[-1]  # all values are equally frequent
    own = {code.name: code for code in product.latent.codes}
    obeyed = {
        factor.name: float(
            (own[factor.name].read(latents[:, product.latent.columns(factor.name)]) == read[:, at]).float().mean()
        )
        for at, factor in enumerate(factors)
        if factor.name in own
    }
    return Measured(list(parts), len(product.latent.codes), shares, max(floors), obeyed)


@dataclass(frozen=True)
class Row:
    """What is said of one factor; shares of its entropy."""

    carried: float
    gap: float
    leak: float
    obeyed: float | None


def rows_of(measured: Measured, factors: tuple[Factor, ...]) -> dict[str, Row]:
    shares, rows = measured.shares, {}
    rivals = shares[: measured.codes] if measured.codes else shares  # a game without codes has noise alone
    for column, factor in enumerate(factors):
        best, second = shares[:, column].topk(2).values.tolist()
        others = rivals[:, column].sort().values[:-1]
        leak = float(others.mean()) if len(others) else 0.0
        rows[factor.name] = Row(best, best - second, leak, measured.obeyed.get(factor.name))
    return rows


def over_seeds(values: list[float]) -> str:
    middle = f"{statistics.median(values):.2f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.2f} to {max(values):.2f})"


def matrix(measured: Measured, factors: tuple[Factor, ...]) -> str:
    """Which code says how much of which factor; of the noise, the number that says the most."""
    lines = [
        "| part of the latent vector | " + " | ".join(factor.name for factor in factors) + " |",
        "| --- |" + " --- |" * len(factors),
    ]
    for name, row in zip(measured.names[: measured.codes], measured.shares, strict=False):
        lines.append(f"| {name} | " + " | ".join(f"{max(share, 0):.2f}" for share in row.tolist()) + " |")
    noise = measured.shares[measured.codes :].max(0).values.tolist()
    lines.append("| any one number of noise | " + " | ".join(f"{max(share, 0):.2f}" for share in noise) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", nargs="+", default=["disentangled", "infogan"])
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--images", type=int)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=8, help="of the classifier")
    options = parser.parse_args()
    train, test = (open_dataset(Data(path="shapes", split=split)) for split in ("train", "test"))
    factors, reader = train.spec.factors, train_reader(train, options.epochs)
    right = (reader.read(everything(test).pictures) == everything(test).factors).float().mean(0).tolist()
    said = ", ".join(f"{factor.name} {share:.2%}" for factor, share in zip(factors, right, strict=True))
    print(f"The classifier is right on the test split: {said}.\n")
    print("| game | images | factor | carried | gap | leak | shown as asked |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    matrices = []
    for game in options.games:
        played = [
            play(game, seed, options.minutes, options.images, reader, factors) for seed in range(1, options.seeds + 1)
        ]
        images = statistics.median(images for _, images in played)
        print("\n".join(lines_of(f"{game} | {images:,.0f}", [rows_of(measured, factors) for measured, _ in played])))
        matrices.append((game, played[0][0]))
    for game, measured in matrices:
        print(f"\n`{game}`, seed 1; up to {measured.floor:.3f} was taken off as what chance gives.\n")
        print(matrix(measured, factors), flush=True)


def lines_of(title: str, runs: list[dict[str, Row]]) -> list[str]:
    """A line for each factor, and one for the mean over them, in which the gap is MIG."""
    lines = []
    for name in [*runs[0], "mean"]:
        cells = []
        for column in ("carried", "gap", "leak", "obeyed"):
            chosen = [list(run.values()) if name == "mean" else [run[name]] for run in runs]
            known = [[value for row in rows if (value := getattr(row, column)) is not None] for rows in chosen]
            cells.append(over_seeds([statistics.mean(values) for values in known]) if known[0] else "-")
        lines.append("| " + " | ".join([title, name, *cells]) + " |")
    return lines


def play(
    game: str, seed: int, minutes: float | None, images: int | None, reader: Reader, factors: tuple[Factor, ...]
) -> tuple[Measured, int]:
    """Train a recipe and measure what it ships; with the images that it was shown."""
    with tempfile.TemporaryDirectory() as runs:
        outcome = sparring.train(game, data="shapes", runs=runs, seed=seed, minutes=minutes, images=images)
        model = sparring.load(outcome.folder)
    return measure(sampler(model.product), reader, factors), model.config.images


if __name__ == "__main__":
    main()
