"""A value with all that it depends on, so that it is compared with its like only."""

from dataclasses import asdict, dataclass, fields
from typing import Any

RENAMED = {"fd": "fid", "kd": "kid"}
"""What the field calls a metric if, and only if, its features are those of the published Inception."""
ENOUGH = 10
"""Pictures for each feature that a Frechet distance takes, or it says more of their number than of the fakes."""


@dataclass(frozen=True)
class Receipt:
    """One number, and how it came about.

    Attributes:
        metric: its name; with the extractor's, unless it is one that the field knows by this name.
        value: the number.
        interval: 95% confidence, where there is anything to say of it.
        floor: the same for real pictures against real ones, which a perfect generator would have; None of a metric of
            the generator itself.
        best: whether lower values are better, higher ones, or those near the floor.
        protocol: by which it was measured.
        extractor: name and hash.
        resize: how pictures were brought to the extractor's size.
        quantisation: what the fakes were rounded to before they were looked at.
        data: fingerprint of the set.
        split: the part of it that was compared with.
        real: pictures of it.
        fake: pictures drawn.
        floor_real: pictures on each side of the floor.
        seed: of the pictures drawn.
        repeats: how often, with other fakes.
        images: real images that the generator was shown in training.
    """

    metric: str
    value: float
    interval: tuple[float, float] | None
    floor: float | None
    best: str
    protocol: str
    extractor: str
    resize: str
    quantisation: str
    data: str
    split: str
    real: int
    fake: int
    floor_real: int
    seed: int
    repeats: int
    images: int

    @property
    def circumstances(self) -> str:
        """How it was measured, in a line that numbers of one evaluation share."""
        return (
            f"protocol {self.protocol}: {self.extractor}, {self.fake:,} fakes (seed {self.seed}, {self.quantisation}), "
            f"{self.real:,} real pictures of the {self.split} part, resize {self.resize}, repeats {self.repeats}"
        )

    @property
    def key(self) -> str:
        """The metric without the extractor's hash: what two receipts have to share to be worth comparing at all."""
        return self.metric.partition("[")[0]

    def as_row(self) -> dict[str, Any]:
        """For a line of JSON."""
        return asdict(self)


def from_row(row: dict[str, Any]) -> Receipt:
    """The receipt of a line of JSON; keys that it does not know are left out.

    Raises:
        TypeError: something is missing.
    """
    known = {field.name for field in fields(Receipt)}
    interval = row.get("interval")
    given = {key: value for key, value in row.items() if key in known}
    return Receipt(**given | {"interval": None if interval is None else tuple(interval)})


def named(metric: str, extractor: str) -> str:
    """What a metric is called with that extractor.

    >>> named("fd", "inception:6726825d0af5"), named("fd", "classifier:0123456789ab")
    ('fid', 'fd[classifier:0123456789ab]')
    """
    name = extractor.partition(":")[0]
    if name == "inception" and metric in RENAMED:
        return RENAMED[metric]
    return f"{metric}[{extractor}]"


def better(one: Receipt, other: Receipt) -> bool:
    """Whether the first value is better than the second, in the sense of its metric.

    Args:
        one: what may be better.
        other: measured alike.
    """
    if one.best == "floor" and one.floor is not None and other.floor is not None:
        return abs(one.value - one.floor) < abs(other.value - other.floor)
    return one.value > other.value if one.best == "higher" else one.value < other.value


LIKE = ("metric", "extractor", "resize", "quantisation", "data", "split", "real", "fake")
"""What two receipts must share."""


def unlike(one: Receipt, other: Receipt) -> list[str]:
    """Why two values cannot be compared, a few words each; empty if they can."""
    pairs = [(name, getattr(one, name), getattr(other, name)) for name in LIKE]
    return [f"{name} {left} and {right}" for name, left, right in pairs if left != right]


def too_few(metric: str, pictures: int, features: int) -> str:
    """A warning, if a number says more of how many pictures there were than of how good they are; else empty.

    >>> too_few("fd", 500, 64)
    'fd of 500 pictures with 64 features is mostly bias: take 640 or more, or the kernel distance (kd)'
    >>> too_few("kd", 500, 64)
    ''
    """
    if metric != "fd" or pictures >= ENOUGH * features:
        return ""
    return (
        f"fd of {pictures:,} pictures with {features:,} features is mostly bias: take {ENOUGH * features:,} or more, "
        "or the kernel distance (kd)"
    )
