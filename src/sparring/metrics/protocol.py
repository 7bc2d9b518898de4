"""Protocols by name: two people who say the same word measure the same thing.

A protocol fixes all that a number depends on beside the pictures themselves: the extractor, how many pictures of each
side, which part of the set, which metrics, how often it is repeated with other fakes.
"""

from dataclasses import dataclass
from typing import Literal

from sparring.errors import UsageError, did_you_mean

BASIC = ("fd", "kd", "precision", "recall", "density", "coverage", "classes", "class-variation", "gan-test")
THOROUGH = ("sliced", "two-sample", "vendi", "authenticity", "inception-score", "ms-ssim", "gan-train", "path-length")
PAIRS = ("l1", "psnr", "ssim", "pixel-accuracy", "class-accuracy", "iou")
POINTS = ("modes", "high-quality", "reverse-kl", "earth-mover")


@dataclass(frozen=True)
class Protocol:
    """How to measure.

    Attributes:
        about: what it is for.
        extractor: `own` is the classifier trained on the same data, `inception` the published file.
        fake: pictures drawn.
        real: pictures of the set to compare with; None: all of them.
        split: the part of the set to compare with.
        metrics: by name, those that the set and the model allow.
        repeats: how often, each time with other fakes; the value is the mean, the interval comes from them.
    """

    about: str
    extractor: Literal["own", "inception"]
    fake: int
    real: int | None
    split: Literal["train", "test"]
    metrics: tuple[str, ...]
    repeats: int = 1


PROTOCOLS = {
    "quick": Protocol("a look, in seconds", "own", 5_000, 5_000, "train", (*BASIC, *PAIRS, *POINTS)),
    "standard": Protocol(
        "everything that can be measured without downloads, three times over",
        "own",
        10_000,
        10_000,
        "train",
        (*BASIC, *PAIRS, *POINTS, *THOROUGH),
        repeats=3,
    ),
    "fid50k-train": Protocol(
        "the field's FID: 50,000 fakes against the whole training part", "inception", 50_000, None, "train", ("fd",)
    ),
    "fid10k-test": Protocol("10,000 fakes against the test part", "inception", 10_000, None, "test", ("fd",)),
    "kid10k-train": Protocol(
        "10,000 fakes against the training part, for sets of a few thousand pictures",
        "inception",
        10_000,
        None,
        "train",
        ("kd",),
    ),
}


def find(name: str) -> Protocol:
    """The protocol of that name.

    Raises:
        UsageError: there is none; the message suggests the nearest.

    >>> find("quick").fake
    5000
    """
    if name not in PROTOCOLS:
        raise UsageError(f"unknown protocol {name!r}: {did_you_mean(name, PROTOCOLS)}")
    return PROTOCOLS[name]
