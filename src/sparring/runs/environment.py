"""On what a run was started: versions, machine and data, so that a number can be traced."""

import os
import platform
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy
import PIL
import torch

import sparring
from sparring.data import Dataset


def describe(dataset: Dataset, device: torch.device, recipe: str) -> dict[str, Any]:
    """The contents of `environment.json`."""
    return {
        "sparring": sparring.__version__,
        "recipe": recipe,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
        "platform": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "data": {
            "layout": dataset.source.layout,
            "pictures": len(dataset),
            "notes": dataset.notes,
            "fingerprint": dataset.fingerprint,
            "spec": dataset.spec.model_dump(mode="json"),
        },
    }


def processor() -> str:
    """Its name, as far as the system tells."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
