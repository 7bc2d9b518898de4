"""How the default was found: it and its neighbours, one thing changed at a time, at equal time on three sets.

    .venv/bin/python -m benchmarks.search [--seconds 90] [--seeds 2] [--sets fashion-mnist ...] [--processes 2]
    .venv/bin/python -m benchmarks.search --variants "default" "hinge game.width=48 batch_size=32"

Each variant is what `sparring train` gets: a recipe, or `default` for what it picks by the data, and settings on top of
it. With two processes at a time each has one thread, so the seconds are those of one core; compare rows of one run
only. Start-up is included; Frechet distances are by the judges of `judging.py`.
"""

import argparse
import shlex
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.equal_time import Row, Trained, line, table, trained
from benchmarks.judging import JUDGES, Judge

FAST = "batch_size=32 optimizer.lr=1e-3 optimizer.betas=[0.0,0.99]"
"""What the default has; other games are tried with it too."""
VARIANTS = (
    "default",
    "default optimizer.lr=2e-3",
    "default optimizer.betas=[0.5,0.999]",
    "default batch_size=16",
    "default game.width=24",
    "default game.width=48",
    "default average.half_life=20000",
    "default game.aids.augment=none",
    "default game.aids.augment=adaptive",
    "default game.network=resnet-dcgan",
    "dcgan",
    "dcgan batch_size=64 optimizer.lr=2e-4 optimizer.betas=[0.5,0.999]",
    f"infogan {FAST}",
    f"hinge {FAST}",
    f"lsgan {FAST}",
    "relativistic",
    "relativistic game.network=fixup",
)


def rows_of(
    variant: str, judge: Judge, data: Path, seconds: float, seeds: int, processes: int, work: Path
) -> list[Row]:
    """One for each seed. Nothing is judged while others train."""
    recipe, *settings = shlex.split(variant)
    named = None if recipe == "default" else recipe
    alone = {"OMP_NUM_THREADS": "1"} if processes > 1 else {}

    def train(seed: int) -> Trained:
        return trained(named, settings, data, seconds, seed, work / str(seed), **alone)

    with ThreadPoolExecutor(processes) as pool:
        runs = list(pool.map(train, range(1, seeds + 1)))
    return [run.judged(judge) for run in runs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="+", default=VARIANTS)
    parser.add_argument("--sets", nargs="+", default=list(JUDGES), choices=list(JUDGES))
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    for title in options.sets:
        judge = JUDGES[title](options.data)
        table(("set", "variant", "distance, median", "each seed", "coverage", "images/s"))
        for variant in options.variants:
            with tempfile.TemporaryDirectory() as work:
                frame = (options.data / title, options.seconds, options.seeds, options.processes, Path(work))
                rows = rows_of(variant, judge, *frame)
            distances = [row.verdict.distance for row in rows]
            each = ", ".join(f"{distance:.1f}" for distance in distances)
            coverage, speed = (
                statistics.median(column)
                for column in ([row.verdict.coverage for row in rows], [row.images / row.wall for row in rows])
            )
            median = statistics.median(distances)
            line(title, f"`{variant}`", f"{median:.1f}", each, f"{coverage:.2f}", f"{speed:,.0f}")
        print(flush=True)


if __name__ == "__main__":
    main()
