"""What `dcgan` draws in three minutes, with the rates of its paper, and what an independent judge says of it.

    .venv/bin/python -m benchmarks.pictures [--minutes 3] [--seeds 1] [--data ../shared/data] [--sheets docs/pictures]

Trains through the command line on fashion-mnist and, at 32 x 32 in colour, on openmoji; writes a sheet of each, and
scores fashion-mnist by the judge's Frechet classifier distance (5,000 pictures against the 10,000 of the test set;
lower is better; the floor is that of two halves of the real ones).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from sparring.inference import draw
from sparring.inference.model import load

FASHION, EMOJI = "fashion-mnist", "openmoji-128.zip"
PAPER = ("batch_size=64", "optimizer.lr=2e-4", "optimizer.betas=[0.5,0.999]")
"""The settings that the table was made with; the recipe's own are for short runs since then."""


def sparring(*arguments: object) -> dict[str, Any]:
    """Run a verb with --json and return what it says last."""
    command = [sys.executable, "-m", "sparring", *map(str, arguments), "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def judge(data: Path, run: Path, work: Path) -> dict[str, Any]:
    """The judge's line on 5,000 pictures of a run."""
    np.save(work / "fakes.npy", load(run).sample(5000)[..., 0])
    folder, real = data.parent / "judge", data / FASHION / "t10k-images-idx3-ubyte.gz"
    command = [
        sys.executable,
        str(folder / "judge.py"),
        "score",
        *map(str, (folder / "fashion-mnist.pt", real, work / "fakes.npy")),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sheets", type=Path, default=Path("docs/pictures"))
    options = parser.parse_args()
    options.sheets.mkdir(parents=True, exist_ok=True)
    print("| pictures | seed | images shown | images/s | distance | floor | classes | coverage | density |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for data, settings in ((FASHION, PAPER), (EMOJI, (*PAPER, "data.size=32"))):
            for seed in range(1, options.seeds + 1):
                name = f"{data.split('-')[0]}-{seed}"
                where = ("--data", options.data / data, "--runs", work, "--name", name)
                outcome = sparring("train", "dcgan", *settings, *where, "--seed", seed, "--minutes", options.minutes)
                says = judge(options.data, work / name, work) if data == FASHION else {}
                model = load(work / name)
                (options.sheets / f"{name}.png").write_bytes(draw.sheet(model.sample(64), model.config.spec))
                cells = [says.get(key, "-") for key in ("fcd", "floor", "classes", "coverage", "density")]
                row = [data, seed, f"{outcome['images']:,}", f"{outcome['images_per_second']:,.0f}", *cells]
                print("| " + " | ".join(map(str, row)) + " |", flush=True)


if __name__ == "__main__":
    main()
