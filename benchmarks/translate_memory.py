"""What a large picture takes: peak memory and seconds of translating it, each network in a process of its own.

Run: python -m benchmarks.translate_memory [--side 8192] [--networks residual,unet] [--norm instance]
(on one core `residual` takes half an hour and more at 8192)
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np
import torch

from sparring import translators
from sparring.data.spec import Spec
from sparring.games.picture_to_picture import Translation
from sparring.inference import translate

WIDTH, TRAINED = 32, 256


def peak() -> float:
    """Megabytes that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KB


def measure(network: str, side: int, norm: str) -> dict[str, float]:
    """Translate noise of `side` x `side` through a fresh network of the size for 256 x 256 pixels."""
    torch.manual_seed(0)
    sort = {"channels": 3, "height": TRAINED, "width": TRAINED}
    spec = Spec.model_validate(sort | {"inputs": sort})
    generator = translators.translator(network, spec, width=WIDTH, norm=norm, upsampling="resize")
    product = Translation(generator.eval().requires_grad_(False), spec)
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    before, start = peak(), time.perf_counter()
    drawn = translate.picture(product, pixels)
    assert drawn.shape == pixels.shape
    return {"before_mb": before, "peak_mb": peak(), "seconds": time.perf_counter() - start}


def in_a_process(network: str, side: int, norm: str) -> dict[str, float]:
    """The same, where nothing else has taken memory before."""
    command = [sys.executable, "-m", "benchmarks.translate_memory", "--only", network]
    command += ["--side", str(side), "--norm", norm]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=8192)
    parser.add_argument("--networks", default="residual,unet")
    parser.add_argument("--norm", choices=["instance", "batch"], default="instance")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options.side, options.norm)))
        return
    print("| network | picture | norm | peak memory | of it before | seconds |\n| --- | --- | --- | --- | --- | --- |")
    for network in options.networks.split(","):
        found = in_a_process(network, options.side, options.norm)
        memory = f"{found['peak_mb']:,.0f} MB | {found['before_mb']:,.0f} MB"
        size = f"{options.side} x {options.side}"
        print(f"| `{network}` | {size} | {options.norm} | {memory} | {found['seconds']:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
