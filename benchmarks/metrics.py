"""What metrics take: seconds and memory for 50,000 pictures with 2,048 features, and how long `quick` takes.

    .venv/bin/python -m benchmarks.metrics arithmetic [--count 50000] [--features 2048]
    .venv/bin/python -m benchmarks.metrics quick [--data ../shared/data/fashion-mnist]

Each row is a process of its own; memory is the most that it ever held, the features of both sides (0.8 GB for 50,000)
and Python itself included. `quick` trains a run for a moment, then measures it twice from the command line: the first
time trains the judge of the set too, into a store that is thrown away.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import sparring
from sparring.metrics import panel
from sparring.metrics.evidence import Evidence, Side
from sparring.metrics.features import Seen

METRICS = ("fd", "kd", "sliced", "vendi", "coverage", "two-sample", "authenticity")


def side(count: int, features: int, seed: int) -> Side:
    """Features that depend on each other, float32 as an extractor gives them."""
    rng = np.random.default_rng(seed)
    found = rng.standard_normal((count, features), np.float32)
    found[:, 1:] += 0.5 * found[:, :-1]
    return Side(Seen(found), None, np.zeros((0, 1, 1, 1), np.uint8), np.zeros(0, np.int64))


def one(name: str, count: int, features: int) -> None:
    real, fake = side(count, features, 0), side(count, features, 1)
    held_out = Side(real.seen.at(slice(0, 1000)), None, real.pictures, real.rows)
    began = time.perf_counter()
    panel.find(name).compute(Evidence(real, fake, held_out))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"| `{name}` | {count:,} x {features:,} | {seconds:.0f} | {peak:.1f} |", flush=True)


def arithmetic(count: int, features: int) -> None:
    print("| metric | features of each side | seconds | GiB at most |\n| --- | --- | --- | --- |", flush=True)
    for name in METRICS:
        command = [sys.executable, "-m", "benchmarks.metrics", "one", name, str(count), str(features)]
        subprocess.run(command, check=True)


def quick(data: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outcome = sparring.train("dcgan", data=data, runs=folder, name="run", images=2000)
        command = [sys.executable, "-m", "sparring", "evaluate", outcome.folder]
        print("| `sparring evaluate` | seconds |\n| --- | --- |")
        for title in ("first, with the judge's training", "again", "again"):
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=os.environ | {"SPARRING_HOME": folder})
            print(f"| {title} | {time.perf_counter() - began:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    numbers = verbs.add_parser("arithmetic")
    numbers.add_argument("--count", type=int, default=50_000)
    numbers.add_argument("--features", type=int, default=2048)
    command = verbs.add_parser("quick")
    command.add_argument("--data", type=Path, default=Path("../shared/data/fashion-mnist"))
    child = verbs.add_parser("one")
    for name, kind in (("name", str), ("count", int), ("features", int)):
        child.add_argument(name, type=kind)
    options = parser.parse_args()
    if options.verb == "one":
        one(options.name, options.count, options.features)
    elif options.verb == "quick":
        quick(options.data)
    else:
        arithmetic(options.count, options.features)


if __name__ == "__main__":
    main()
