"""A run, resolved: recipe file + `key=value`, checked as a whole; every error at once, each with its path."""

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sparring.errors import UsageError, did_you_mean

Positive = Annotated[int, Field(gt=0)]


class Table(BaseModel):
    """A table of a recipe: no key that is not known, no number that is not finite, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Data(Table):
    """Which pictures, and how each becomes one tensor.

    Attributes:
        path: a folder, zip, array file, or the name of an embedded set.
        size: side in pixels, or [height, width]; absent: the size that the pictures have.
        fit: what happens to a picture of another shape: `crop` (scale to cover, cut the middle out), `pad` (scale to
            lie inside, fill the border) or `stretch` (change its proportions, on request only).
        filter: the resampling filter, always antialiased.
        channels: 1 or 3 to convert; absent: what the pictures have.
        split: the part to train on where the set has parts.
        skip_bad: leave broken pictures out instead of stopping at them.
        memory_gb: a set that decodes to at most so many gigabytes is held in memory; a larger one is read by workers.
        workers: processes that decode a set that is not held in memory.
    """

    path: str = "digits"
    size: Positive | tuple[Positive, Positive] | None = None
    fit: Literal["crop", "pad", "stretch"] = "crop"
    filter: Literal["lanczos", "bicubic", "bilinear", "box"] = "lanczos"
    channels: Literal[1, 3] | None = None
    split: str = "train"
    skip_bad: bool = False
    memory_gb: Annotated[float, Field(ge=0)] = 4.0
    workers: Annotated[int, Field(ge=0)] = 2
