"""The table of speeds on an accelerator, of pictures of noise: it needs nothing but this repository.

    .venv/bin/python -m benchmarks.speed_gpu [--only NAME] [--rounds 7] [--seconds 6]

Rows and columns are those of `benchmarks.speed table`, and pix2pix with 256 x 256 pixels; memory is that of the device.
Plain sides run as torch sets itself up, convolutions in TF32 included; ours in the exact way without. Where there is no
accelerator nothing is done; `--device cpu` shows there that the command works.
"""

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.speed_measures import noise
from benchmarks.speed_sides import PUBLISHED, Place, Work
from benchmarks.speed_table import WORKS, table
from sparring.runs.environment import processor

REQUIRED = {"dcgan-svhn": 5.0}
SIZES = {"gan": 28, "dcgan-celeba": 64, "cyclegan": 64, "pix2pix": 256}
"""Pixels a side of each work's pictures, where they are not 32."""
NUMBERS = {28: 10_000, 32: 10_000, 64: 4_000, 256: 400}
LARGE = Work(
    "pix2pix",
    "`pix2pix` 256x256, batch 8",
    "pix2pix",
    "",
    PUBLISHED,
    None,
    ("data.size=256", "data.pairs=gray"),
)


def on_noise(work: Work) -> Work:
    """The same with pictures of noise, and what is required of it on an accelerator."""
    side = SIZES.get(work.title, 32)
    settings = tuple(
        f"data.inputs={{data}}/noise-{side}.npy" if one.startswith("data.inputs=") else one for one in work.settings
    )
    return replace(work, data=f"noise-{side}.npy", required=REQUIRED.get(work.title), settings=settings)


def main() -> None:
    works = [on_noise(work) for work in (*WORKS, LARGE)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[work.title for work in works])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        return print("no accelerator here: nothing was measured")
    name = torch.cuda.get_device_name() if options.device == "cuda" else processor()
    print(f"{name}, torch {torch.__version__}, {options.rounds} rounds of {options.seconds:g} s\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SPARRING_HOME"] = folder  # what was found before may have been found by other code
        place = Path(folder)
        works = [work for work in works if options.only in (None, work.title)]
        for side in {SIZES.get(work.title, 32) for work in works}:
            noise(place / f"noise-{side}.npy", NUMBERS[side], side, 1 if side == 28 else 3)
        return table(works, Place(place, place, options.device), options.rounds, options.seconds)


if __name__ == "__main__":
    main()
