"""Sparring: train, judge, explore and ship adversarial networks.

>>> import sparring
>>> run = sparring.train("gan", data="digits", images=4096, runs="runs")  # doctest: +SKIP
>>> model = sparring.load(run.folder)  # doctest: +SKIP
>>> model.sample(16, seed=1).shape  # doctest: +SKIP
(16, 32, 32, 1)
"""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparring import data as data
    from sparring.inference.model import load as load
    from sparring.runs.diagnosis import diagnose_run as diagnose
    from sparring.runs.evaluation import evaluate as evaluate
    from sparring.runs.launch import resume as resume
    from sparring.runs.launch import train as train

__version__ = version("sparring")
__all__ = ["data", "diagnose", "evaluate", "load", "resume", "train"]

_HOMES = {
    "diagnose": ("sparring.runs.diagnosis", "diagnose_run"),
    "evaluate": ("sparring.runs.evaluation", "evaluate"),
    "load": ("sparring.inference.model", "load"),
    "resume": ("sparring.runs.launch", "resume"),
    "train": ("sparring.runs.launch", "train"),
}


def __getattr__(name: str) -> Any:
    """Import on first use, so that `import sparring` and `sparring --help` need no torch."""
    from importlib import import_module

    if name == "data":
        return import_module("sparring.data")
    if name not in _HOMES:
        raise AttributeError(f"module 'sparring' has no attribute {name!r}")
    home, own = _HOMES[name]
    return getattr(import_module(home), own)
