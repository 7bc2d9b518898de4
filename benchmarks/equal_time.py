"""What each game draws after the same time on this machine, start-up included, and the default beside the notes' loop.

    .venv/bin/python -m benchmarks.equal_time default [--seeds 3]              # the notes' loop, and `sparring train`
    .venv/bin/python -m benchmarks.equal_time games [--seconds 300]            # every game, on two sets

Every row is a process of its own, from its start to its last picture on disk; the clock of a row is that of the wall.
Rows of `default` take turns, so that both sides see the same drifts of the machine. 5,000 pictures are judged (see
`judging.py`), those of Sparring from the averaged generator that `sparring train` ships.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks import notes
from benchmarks.judging import JUDGES, Judge, Verdict
from sparring import games
from sparring.config import Data
from sparring.data import open_dataset
from sparring.data.batches import Images
from sparring.inference import draw, sample
from sparring.inference.model import load
from sparring.recipes import read_recipe
from sparring.runs.folder import find

COUNT = 5000
OVERHEAD = 6.0
"""Seconds of a process before the first step and after the last one, which are kept free of the training's budget."""
EMOJI = "openmoji-128.zip"
SETTINGS = {EMOJI: ("data.size=32",)}
LABELS = {EMOJI: "group"}
"""For games that need labels: the column that names the classes of sets that do not say so by themselves."""


@dataclass(frozen=True)
class Row:
    """One process."""

    verdict: Verdict
    wall: float
    images: int

    def cells(self) -> list[str]:
        return [
            f"{self.verdict.distance:.1f}",
            f"{self.verdict.coverage:.2f}",
            f"{self.wall:.0f}",
            f"{self.images:,}",
            f"{self.images / self.wall:,.0f}",
        ]


HEADS = ("distance", "coverage", "wall s", "images shown", "images/s")


@dataclass(frozen=True)
class Trained:
    """What a process left, before it is judged."""

    folder: Path
    wall: float

    def judged(self, judge: Judge) -> Row:
        """5,000 pictures of its averaged generator, each class as often as among those that it was trained on."""
        model = load(self.folder)
        data = find(self.folder).recipe().data.model_copy(update={"memory_gb": 0.0})  # labels are all that is wanted
        parts = [part for part, _ in sample.in_proportion(model.product, COUNT, labels=open_dataset(data).labels)]
        pictures = np.random.default_rng(0).permutation(np.concatenate(parts))  # coverage takes the first ones
        return Row(judge.score(pictures), self.wall, model.config.images)


def trained(
    recipe: str | None, settings: Sequence[str], data: Path, seconds: float, seed: int, folder: Path, **env: str
) -> Trained:
    """`sparring train` in a process of its own, for so many seconds of the wall."""
    what = [*([recipe] if recipe else []), *SETTINGS.get(data.name, ()), *settings]
    where = ["--data", data, "--runs", folder.parent, "--name", folder.name]
    budget = ["--seed", seed, "--minutes", (seconds - OVERHEAD) / 60]
    began = time.monotonic()
    command = [sys.executable, "-m", "sparring", "train", *map(str, [*what, *where, *budget])]
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return Trained(folder, time.monotonic() - began)


def theirs(judge: Judge, data: Path, seconds: float, seed: int, work: Path) -> Row:
    """The notes' loop in a process of its own."""
    out = work / "notes.npz"
    began = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.equal_time", "notes", data, out, began + seconds, seed]
    subprocess.run([str(part) for part in command], check=True)
    wall = time.monotonic() - began
    saved = np.load(out)
    return Row(judge.score(saved["pictures"]), wall, int(saved["images"]))


def notes_process(data: Path, out: Path, until: float, seed: int) -> None:
    """The DCGAN of the notes on 28 x 28 grey pictures with a border of 2, until the monotonic clock says so."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    stored = open_dataset(Data(path=str(data))).stored
    assert stored is not None
    pictures = np.pad(stored.numpy().transpose(0, 2, 3, 1), ((0, 0), (2, 2), (2, 2), (0, 0)))
    generator, discriminator = notes.dcgan_networks(channels=pictures.shape[3])
    settings = read_recipe("dcgan-svhn")
    shown, loop = (
        0,
        notes.loop(
            generator,
            discriminator,
            pictures,
            batch_size=settings["batch_size"],
            latent=100,
            uniform=False,
            real_label=1.0,
            lr=settings["optimizer"]["lr"],
            betas=tuple(settings["optimizer"]["betas"]),
        ),
    )
    while time.monotonic() < until:
        shown += next(loop)
    with torch.no_grad():
        generator.eval()
        fakes = torch.cat([generator(torch.randn(100, 100)) for _ in range(COUNT // 100)])
    stored_fakes = fakes[:, :, 2:-2, 2:-2].add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).numpy()
    np.savez(out, pictures=stored_fakes, images=shown)


def table(heads: tuple[str, ...]) -> None:
    print("| " + " | ".join(heads) + " |\n|" + " --- |" * len(heads), flush=True)


def line(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def compare_default(data: Path, seeds: int, short: float, long: float, work: Path) -> None:
    """The required table: the notes' loop in the long time, ours in both."""
    path = data / "fashion-mnist"
    judge = JUDGES[path.name](data)
    table(("side", "seed", *HEADS))
    found: dict[str, list[float]] = {}
    floor = 0.0
    for seed in range(1, seeds + 1):
        rows = {f"notes' loop, {long:.0f} s": theirs(judge, path, long, seed, work)}
        for seconds in (short, long):
            run = trained(None, (), path, seconds, seed, work / f"{seed}-{seconds:.0f}")
            rows[f"sparring train, {seconds:.0f} s"] = run.judged(judge)
        for side, row in rows.items():
            floor = row.verdict.floor
            found.setdefault(side, []).append(row.verdict.distance)
            line(side, seed, *row.cells())
    medians = {side: statistics.median(distances) for side, distances in found.items()}
    print("\nMedians: " + "; ".join(f"{side}: {median:.1f}" for side, median in medians.items()))
    plain, _, best = medians.values()
    print(f"In the same time: {best / plain:.2f} of the notes' distance (floor {floor:.1f}).")


def compare_games(
    data: Path, names: list[str], sets: list[str], seconds: float, seed: int, sheets: Path, work: Path
) -> None:
    """Every game on every set, the same time each; a sheet of each."""
    sheets.mkdir(parents=True, exist_ok=True)
    for title in sets:
        judge = JUDGES[title](data)
        floor = 0.0
        column = LABELS.get(title)
        table(("set", "game", *HEADS))
        for name in names:
            settings = () if column is None or games.find(name).takes is Images else (f"data.label={column}",)
            run = trained(name, settings, data / title, seconds, seed, work / f"{title}-{name}")
            row = run.judged(judge)
            floor = row.verdict.floor
            line(title, f"`{name}`", *row.cells())
            model = load(run.folder)
            path = sheets / f"{title.split('-')[0]}-{name}.png"
            path.write_bytes(draw.sheet(model.sample(64), model.config.spec))
        print(f"\nFloor: {floor:.1f}.\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    verbs = parser.add_subparsers(dest="verb", required=True)
    default = verbs.add_parser("default")
    default.add_argument("--seeds", type=int, default=3)
    default.add_argument("--short", type=float, default=45)
    default.add_argument("--long", type=float, default=300)
    every = verbs.add_parser("games")
    every.add_argument("names", nargs="*", default=games.names())
    every.add_argument("--sets", nargs="+", default=["fashion-mnist", EMOJI])
    every.add_argument("--seconds", type=float, default=300)
    every.add_argument("--seed", type=int, default=1)
    every.add_argument("--sheets", type=Path, default=Path("docs/pictures"))
    child = verbs.add_parser("notes")
    for name, kind in (("path", Path), ("out", Path), ("until", float), ("seed", int)):
        child.add_argument(name, type=kind)
    o = parser.parse_args()
    if o.verb == "notes":
        return notes_process(o.path, o.out, o.until, o.seed)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if o.verb == "default":
            compare_default(o.data, o.seeds, o.short, o.long, work)
        else:
            compare_games(o.data, o.names, o.sets, o.seconds, o.seed, o.sheets, work)
    return None


if __name__ == "__main__":
    main()
