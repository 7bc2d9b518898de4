"""Translation of emoji at 64 pixels, on pictures that no training saw; every table beside its baselines.

    .venv/bin/python -m benchmarks.translation pairs [--minutes 10]       # lines to colour
    .venv/bin/python -m benchmarks.translation domains [--minutes 10]     # openmoji to twemoji, without pairs
    .venv/bin/python -m benchmarks.translation many [--minutes 10]        # three domains, one translator
    .venv/bin/python -m benchmarks.translation derived [--minutes 5]      # grey to colour, 16 to 64 pixels, holes
    .venv/bin/python -m benchmarks.translation others [--minutes 10]      # the games that no table above has

A tenth of the emoji is held out, all skin tones of one together. Distances are Frechet distances between features of a
classifier of quarter turns, trained on the pictures that should come out (`sparring evaluate`, protocol `quick`).
"""

import argparse
import hashlib
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from sparring import files, games
from sparring.data.batches import Paired, from_stored
from sparring.games.base import Product
from sparring.games.cyclegan import CycleGAN
from sparring.games.picture_to_picture import Translation
from sparring.inference import draw, translate
from sparring.inference.model import Model, load
from sparring.metrics.receipt import Receipt
from sparring.runs import checkpoint, evaluation
from sparring.runs.folder import find
from sparring.runs.judge import Judge
from sparring.runs.parts import Sets, open_set, with_test_part

SHARED = Path("../shared/data")
TONES = {"1F3FB", "1F3FC", "1F3FD", "1F3FE", "1F3FF"}
DRAWN = "FE0F"
"""That a sign is to be drawn as an emoji; tones leave it out, so it says nothing of which emoji it is."""
SIZE = "data.size=64"
NARROW = "game.width=16"
"""Of games without pairs, whose step is several passes of a deep translator: so that minutes make thousands of them."""
PUBLISHED = (
    "batch_size=16",
    "game.critic_steps=5",
    "game.domain_weight=1",
    "game.cycle_weight=10",
    "optimizer.lr=1e-4",
)
"""What Choi et al., arXiv:1711.09020, train StarGAN with."""
HELD_OUT = 10
"""One in so many."""
METRICS = ("l1", "psnr", "ssim", "fd", "gan-test")
SHOWN = 16


def part_of(name: str) -> str:
    """`train` or `test`, by the code points of an emoji without its skin tones.

    >>> part_of("1F44B-1F3FB") == part_of("1F44B-1F3FF") == part_of("1F44B")
    True
    >>> part_of("1F575-FE0F-200D-2640-FE0F") == part_of("1F575-1F3FB-200D-2640-FE0F")
    True
    """
    base = "-".join(code for code in name.split("-") if code not in TONES | {DRAWN})
    return "test" if int(hashlib.sha256(base.encode()).hexdigest(), 16) % HELD_OUT == 0 else "train"


def packed(place: Path, **sides: dict[str, bytes]) -> Path:
    """A zip of `train/SIDE/NAME.png` and `test/SIDE/NAME.png`; of a single side `train/NAME.png`."""
    if not place.exists():
        with zipfile.ZipFile(place, "w", zipfile.ZIP_STORED) as archive:
            for side, pictures in sides.items():
                folder = f"{side}/" if len(sides) > 1 else ""
                for name, content in sorted(pictures.items()):
                    archive.writestr(f"{part_of(name)}/{folder}{name}.png", content)
    return place


def emoji(kind: str) -> dict[str, bytes]:
    """The PNG files of `color`, `line` (both of openmoji) or `twemoji`, by their code points."""
    name = "twemoji-128.zip" if kind == "twemoji" else "openmoji-128.zip"
    start = "" if kind == "twemoji" else f"{kind}/"
    with zipfile.ZipFile(SHARED / name) as archive:
        names = [name for name in archive.namelist() if name.startswith(start) and name.endswith(".png")]
        return {Path(name).stem: archive.read(name) for name in names}


@dataclass(frozen=True)
class Row:
    """What was measured of one translator.

    Attributes:
        title: what it is.
        values: by the name of the metric.
        images: real ones that it was shown.
    """

    title: str
    values: dict[str, float]
    images: int

    def line(self, names: Sequence[str]) -> str:
        """A row of a table."""
        digits = {"l1": 3, "ssim": 3, "cycle": 3, "gan-test": 3}
        cells = [f"{self.values[name]:.{digits.get(name, 1)}f}" if name in self.values else "" for name in names]
        return f"| {self.title} | {' | '.join(cells)} | {self.images:,} |"


class Unchanged(nn.Module):
    """The baseline of doing nothing; pictures of other channels are made grey or repeated."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.nothing = nn.Parameter(torch.zeros(()))

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, C, H, W] to [N, channels, H, W]."""
        if pictures.shape[1] == self.channels:
            return pictures
        if pictures.shape[1] > self.channels > 1:  # a mask beside the picture
            return pictures[:, : self.channels]
        return pictures.mean(1, keepdim=True).expand(-1, self.channels, -1, -1)


def train(recipe: str, settings: Sequence[str], data: Path, minutes: float, folder: Path) -> Path:
    """`sparring train` in a process of its own, unless it is there."""
    if not (folder / "model").exists():
        command = [sys.executable, "-m", "sparring", "train", recipe, SIZE, *settings, "--data", str(data)]
        command += ["--runs", str(folder.parent), "--name", folder.name, "--minutes", str(minutes), "guard=warn"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def judge_of(run: Path) -> tuple[Judge, Sets]:
    """Who measures a run, and all others of the same set."""
    model = load(run)
    sets = evaluation.sets_of(model, find(run), None, lambda text: None)
    extractor = evaluation.own_classifier(sets.train, lambda text: None)
    return Judge(sets, extractor, "quick", 0, lambda text: None), sets


def measured(judge: Judge, title: str, product: Product, images: int) -> Row:
    """One row."""
    found: list[Receipt] = judge.measure(product, images, METRICS)
    return Row(title, {one.metric.partition("[")[0]: one.value for one in found}, images)


def grid(place: Path, sets: Sets, products: Sequence[Product]) -> None:
    """Held-out sources, what each translator makes of them, and, for pairs, the true pictures."""
    assert sets.test is not None and sets.test.inputs is not None
    rows = np.random.default_rng(1).permutation(min(len(sets.test), len(sets.test.inputs)))[:SHOWN]
    inputs = sets.test.inputs.rows(rows).permute(0, 2, 3, 1).numpy()
    columns = [inputs, *(np.stack([translate.picture(product, one) for one in inputs]) for product in products)]
    if sets.test.aligned:
        columns.append(sets.test.rows(rows).permute(0, 2, 3, 1).numpy())
    place.parent.mkdir(parents=True, exist_ok=True)
    files.write(place, draw.compared(columns))


def table(rows: Sequence[Row], judge: Judge) -> None:
    """Print what was measured."""
    names = [name for name in (*METRICS, "cycle") if any(name in row.values for row in rows)]
    print(f"| | {' | '.join(names)} | images shown |\n| --- |{' --- |' * (len(names) + 1)}")
    for row in rows:
        print(row.line(names), flush=True)
    floors = judge.measure(unchanged(judge), 0, ("fd", "gan-test"))
    said = ", ".join(f"{one.metric.partition('[')[0]} {one.floor:.3g}" for one in floors)
    print(f"\nReal against real: {said}; {len(judge.floor[1])} held-out pictures.\n")


def beside_the_source(judge: Judge, models: Mapping[str, Model]) -> None:
    """Print what was measured of translators, and of the source itself."""
    rows = [measured(judge, "the source itself", unchanged(judge), 0)]
    rows += [measured(judge, title, model.product, model.config.images) for title, model in models.items()]
    table(rows, judge)


def unchanged(judge: Judge) -> Translation:
    """The source itself, for the set of a judge."""
    spec = judge.dataset.spec
    return Translation(Unchanged(3), spec, spec.classes)


def pairs(minutes: float, work: Path) -> None:
    """Lines to colour."""
    data = packed(work / "lines.zip", A=emoji("line"), B=emoji("color"))
    ways = {"supervised": [], "pix2pix": [], "pix2pix, four kinds of pairs": ["game.diet=four"]}
    compare(ways, data, minutes, work, "pairs")


def derived(minutes: float, work: Path) -> None:
    """Three tasks that any folder of pictures has."""
    data = packed(work / "colour.zip", colour=emoji("color"))
    for kind in ("gray", "downscale:4", "mask"):
        print(f"\n{kind}\n")
        settings = [f"data.pairs={kind}"]
        compare({"supervised": settings, "pix2pix": settings}, data, minutes, work, kind.partition(":")[0])


def compare(ways: dict[str, list[str]], data: Path, minutes: float, work: Path, name: str) -> None:
    """Train each way, measure all beside the source itself, and draw them side by side."""
    runs = {
        title: train(title.partition(",")[0], settings, data, minutes, work / f"{name}-{number}")
        for number, (title, settings) in enumerate(ways.items())
    }
    judge, sets = judge_of(next(iter(runs.values())))
    models = {title: load(run) for title, run in runs.items()}
    beside_the_source(judge, models)
    grid(work / f"{name}.png", sets, [model.product for model in models.values()])


def domains(minutes: float, work: Path) -> None:
    """Openmoji to twemoji: trained as two heaps, judged by the true partners of held-out emoji."""
    data = packed(work / "styles.zip", A=emoji("color"), B=emoji("twemoji"))
    names = ("cyclegan", "contrastive")
    runs = {name: train(name, [NARROW], data, minutes, work / name) for name in names}
    config = find(runs["cyclegan"]).recipe().data.model_copy(update={"skip_bad": True})  # some have no partner
    paired = with_test_part(open_set(config, Paired, lambda text: None), config, lambda text: None)
    extractor = evaluation.own_classifier(paired.train, lambda text: None)
    judge = Judge(paired, extractor, "quick", 0, lambda text: None)
    rows = [measured(judge, "the source itself", unchanged(judge), 0)]
    for name, run in runs.items():
        model = load(run)
        row = measured(judge, name, model.product, model.config.images)
        if name == "cyclegan":
            row.values["cycle"] = cycle_error(run, paired)
        rows.append(row)
    table(rows, judge)
    grid(work / "domains.png", paired, [load(run).product for run in runs.values()])


def many(minutes: float, work: Path) -> None:
    """Openmoji, its lines and twemoji as three domains of one translator."""
    data = packed(work / "three.zip", color=emoji("color"), line=emoji("line"), twemoji=emoji("twemoji"))
    runs = {
        "stargan": train("stargan", [NARROW], data, minutes, work / "stargan"),
        "stargan, settings of the paper": train("stargan", [NARROW, *PUBLISHED], data, minutes, work / "published"),
    }
    judge, sets = judge_of(runs["stargan"])
    models = {title: load(run) for title, run in runs.items()}
    beside_the_source(judge, models)
    sheet(work / "many.png", sets, models["stargan"].product)


def others(minutes: float, work: Path) -> None:
    """Lines to colour, as pairs and as heaps with many colourings of each; openmoji as cartoons in twemoji's style."""
    lines = packed(work / "lines.zip", A=emoji("line"), B=emoji("color"))
    styles = packed(work / "styles.zip", A=emoji("color"), B=emoji("twemoji"))
    for recipe, settings, data in (
        ("pix2pix-hd", [], lines),
        ("augmented-cyclegan", [NARROW], lines),
        ("cartoongan", [NARROW, "game.warmup=2000"], styles),
    ):
        run = train(recipe, settings, data, minutes, work / recipe)
        judge, sets = judge_of(run)
        model = load(run)
        beside_the_source(judge, {recipe: model})
        sheet(work / f"{recipe}.png", sets, model.product)


def sheet(place: Path, sets: Sets, product: Product) -> None:
    """Held-out sources, each beside all that it becomes."""
    assert sets.test is not None
    shown = sets.test.batch(np.random.default_rng(1).permutation(len(sets.test))[:SHOWN])
    files.write(place, translate.examples_sheet(product, shown))


@torch.no_grad()
def cycle_error(run: Path, sets: Sets) -> float:
    """The mean absolute difference after there and back, as a share of the range, of held-out sources."""
    found = find(run)
    place = checkpoint.latest(found.checkpoints)
    assert place is not None and sets.test is not None and sets.test.inputs is not None
    game = games.build(found.recipe().game, sets.train.spec)
    assert isinstance(game, CycleGAN)
    averaged = nn.ModuleDict({name: game.players[name] for name in game.averaged}).eval()
    averaged.load_state_dict(checkpoint.load(place).averages)
    errors = []
    for row in range(len(sets.test.inputs)):
        source = from_stored(sets.test.inputs.rows(np.array([row])), 8)
        back = averaged["inverse"](averaged["generator"](source))
        errors.append(float((back - source).abs().mean() / 2))
    return statistics.mean(errors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pairs", "domains", "many", "derived", "others"])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--work", type=Path, default=Path("build/translation"))
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    ways = {"pairs": pairs, "domains": domains, "many": many, "derived": derived, "others": others}
    ways[asked.what](asked.minutes, asked.work)


if __name__ == "__main__":
    main()
