"""How fast a step is: side by side with plain loops, by size of everything, and from the start of a process.

    .venv/bin/python -m benchmarks.speed table [--only NAME] [--rounds 7] [--seconds 6] [--data ../shared/data]
    .venv/bin/python -m benchmarks.speed growth [--only NAME] [--seconds 10] [--data ../shared/data] [--work FOLDER]

In `table` all sides of a row take turns of a few seconds in one process, and a ratio is the median over neighbouring
turns, with the smallest and the largest. Images are real ones shown, and loading them is included. Ours are
`speed=exact`, which is float32 and eager, and what `speed=auto` finds best on this machine, tried afresh. Memory is the
most of a process that does nothing else, Python and torch included. The last column sets the operations that our side
does in a second (by torch's own count of a step) beside those of a large matrix product in the same precision, on the
same threads, in the same round.

On an accelerator: `python -m benchmarks.speed_gpu`.
"""

import argparse
import os
import tempfile
from pathlib import Path

import torch

from benchmarks import speed_growth
from benchmarks.speed_sides import Place
from benchmarks.speed_table import WORKS, table
from sparring.runs.environment import processor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    beside = verbs.add_parser("table")
    beside.add_argument("--only", choices=[work.title for work in WORKS])
    beside.add_argument("--rounds", type=int, default=7)
    beside.add_argument("--seconds", type=float, default=6)
    growth = verbs.add_parser("growth")
    growth.add_argument("--only", choices=list(speed_growth.TABLES))
    growth.add_argument("--seconds", type=float, default=10)
    for verb in (beside, growth):
        verb.add_argument("--work", type=Path, help="where pictures are put for the time being, almost 1 GB at most")
        verb.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads of {processor()}", end="")
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        os.environ["SPARRING_HOME"] = folder  # what was found before may have been found by other code
        place = Place(options.data.resolve(), Path(folder))
        if options.verb == "table":
            print(f", {options.rounds} rounds of {options.seconds:g} s\n", flush=True)
            works = [work for work in WORKS if options.only in (None, work.title)]
            return table(works, place, options.rounds, options.seconds)
        print(f", {options.seconds:g} s a row\n", flush=True)
        return speed_growth.growth(options.only, place, options.seconds)


if __name__ == "__main__":
    main()
