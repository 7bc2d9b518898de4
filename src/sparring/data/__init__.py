"""From whatever lies in a folder to batches: recognise the layout, prepare every picture, stream in a fixed order."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparring.data.batches import Images, Labelled
    from sparring.data.check import Report, inspect
    from sparring.data.conversion import convert
    from sparring.data.dataset import Dataset, open_dataset
    from sparring.data.recognise import open_source
    from sparring.data.sources import BrokenPicture, Source
    from sparring.data.spec import Spec
    from sparring.data.stream import Stream
    from sparring.data.suspect import Finding

__all__ = [
    "BrokenPicture",
    "Dataset",
    "Finding",
    "Images",
    "Labelled",
    "Report",
    "Source",
    "Spec",
    "Stream",
    "convert",
    "inspect",
    "open_dataset",
    "open_source",
]

_HOMES = {
    "BrokenPicture": "sources",
    "Dataset": "dataset",
    "Finding": "suspect",
    "Images": "batches",
    "Labelled": "batches",
    "Report": "check",
    "Source": "sources",
    "Spec": "spec",
    "Stream": "stream",
    "convert": "conversion",
    "inspect": "check",
    "open_dataset": "dataset",
    "open_source": "recognise",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that a command that only looks at files does not import torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"sparring.data.{_HOMES[name]}"), name)
