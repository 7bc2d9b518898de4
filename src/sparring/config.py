"""The tables of a run's recipe: every setting there is, its unit, its range and its default."""

from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[int, Field(gt=0)]
Side = Annotated[int, Field(gt=0, le=65536)]


class Table(BaseModel):
    """A table of a recipe: no key that is not known, no number that is not finite, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Data(Table):
    """Which pictures, and how each becomes one tensor.

    Attributes:
        path: a folder, zip, tar, array file, or the name of an embedded set; or a pattern of tars, such as
            `train-{0000..0012}.tar`.
        size: side in pixels, or [height, width]; absent: the size that the pictures have, or 64 (32 for small ones)
            where they differ in size or exceed 256 pixels a side.
        fit: what happens to a picture of another shape: `crop` (scale to cover, cut the middle out), `pad` (scale to
            lie inside, fill the border with black) or `stretch` (change its proportions, on request only).
        filter: the resampling filter, antialiased but for `nearest`; maps of classes always take that one.
        channels: 1 or 3 to convert; absent: what the pictures have.
        split: the part to train on where the set has parts.
        inputs: for translation: a folder, zip, tar or array file of source pictures that lie elsewhere; those at `path`
            are what should come out. In pairs, partners have the same name. Absent: `path` holds both sides, as folders
            A and B, or `pairs` says where they are.
        pairs: for translation: how sources are made from the pictures (`edges`, `gray`, `downscale:4`, `mask`, `blur`,
            `noise`); or `beside`: each file holds two pictures side by side; or the column of the metadata table that
            names the source of each picture.
        direction: for translation: which side goes in; what is derived, left, or in folder A, is side a.
        maps: for translation: which pictures are maps of classes, a number in each pixel (grey or palette PNG, whole
            numbers in arrays): what goes in (`inputs`) or what comes out (`pictures`). A number from 1000 up is a class
            times 1000 plus an instance of it.
        label: the column of the set's metadata table that names the class of each picture; absent: `label`, where there
            is one.
        labelled: so many pictures, the same number of each class, keep their label, and all count as unlabelled: for
            semi-supervised learning. A number below 1 is the share of each class. Absent: all labels are used.
        mirror: show half of the pictures mirrored, left to right, drawn anew each time; partners together.
        shift: shift each picture by up to so many pixels both ways, its border continued; partners together.
        skip_bad: leave broken pictures, and those without a partner, out instead of stopping at them.
        memory_gb: a set that decodes to at most so many gigabytes is held in memory; a larger one is read by workers.
        workers: processes that decode a set that is not held in memory.
    """

    path: str = "digits"
    size: Side | tuple[Side, Side] | None = None
    fit: Literal["crop", "pad", "stretch"] = "crop"
    filter: Literal["lanczos", "bicubic", "bilinear", "box", "nearest"] = "lanczos"
    channels: Literal[1, 3] | None = None
    split: str = "train"
    inputs: str | None = None
    pairs: str | None = None
    direction: Literal["a-to-b", "b-to-a"] = "a-to-b"
    maps: Literal["inputs", "pictures"] | None = None
    label: str | None = None
    labelled: Positive | Annotated[float, Field(gt=0, lt=1)] | None = None
    mirror: bool = False
    shift: Annotated[int, Field(ge=0, le=1024)] = 0
    skip_bad: bool = False
    memory_gb: Annotated[float, Field(ge=0)] = 4.0
    workers: Annotated[int, Field(ge=0)] = 2


class Optimizer(Table):
    """One for each set of players that moves together.

    Attributes:
        kind: `adam` (Kingma and Ba, arXiv:1412.6980) or `rmsprop` (Tieleman and Hinton, "Lecture 6.5", 2012).
        lr: learning rate.
        betas: decay of the running mean of gradients and of their squares; RMSProp has only the second.
    """

    kind: Literal["adam", "rmsprop"] = "adam"
    lr: Annotated[float, Field(gt=0)] = 2e-4
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.5, 0.999)


class Schedule(Table):
    """How the learning rate changes.

    Attributes:
        warmup: images over which the rate rises in a straight line from zero.
        decay_from: share of the budget after which the rate falls in a straight line, to reach zero with the budget's
            end; absent: it never falls. With a budget of minutes it falls by the clock, so no two runs are alike; with
            a larger one on resume it is as high again as that says.
    """

    warmup: Annotated[int, Field(ge=0)] = 0
    decay_from: Annotated[float, Field(ge=0, lt=1)] | None = None


class Average(Table):
    """The exponential moving average of the shipped players.

    Attributes:
        half_life: images after which an old weight counts half; 0 ships the last weights themselves.
        ramp: early on, the half-life is this share of the images shown, so that the start is forgotten.
    """

    half_life: Annotated[float, Field(ge=0)] = 10_000
    ramp: Annotated[float, Field(gt=0, le=1)] = 0.05


class Record(Table):
    """What a run writes down, and how often.

    Attributes:
        rows: images between two rows of `metrics.jsonl`.
        samples: images between two picture grids.
        checkpoint_seconds: seconds of training between two checkpoints.
        keep_every: also keep the first checkpoint at or after each multiple of so many images; 0 keeps the last two.
    """

    rows: Positive = 2048
    samples: Positive = 10_000
    checkpoint_seconds: Annotated[float, Field(gt=0)] = 20
    keep_every: Annotated[int, Field(ge=0)] = 0


class Evaluation(Table):
    """How good the pictures are, measured while training goes on; it takes no part in what is learnt.

    Attributes:
        every: images between two evaluations of the averaged generator; 0: none. Each leaves a checkpoint, and the best
            one is kept.
        protocol: how, a name that `sparring evaluate` knows.
        metric: by which the best checkpoint is chosen.
    """

    every: Annotated[int, Field(ge=0)] = 0
    protocol: str = "quick"
    metric: str = "fd"


class Recipe(Table):
    """Everything that makes a run what it is.

    Attributes:
        about: one sentence for `sparring recipes`.
        source: the paper or page that the settings come from.
        game: `name` of the algorithm, and its own options.
        batch_size: real pictures in a batch.
        parts: that a batch is played in, one after the other or by so many processes; batch norm sees one at a time.
        images: stop after so many real images shown.
        minutes: stop after so many minutes of training; the first of the two budgets that is reached ends the run.
        seed: same seed, same run, bit for bit on CPU.
        device: `auto` takes a GPU where there is one.
        speed: `auto` takes what is fastest on this machine, of what computes the same but for the last digits, where
            the run is long enough to find out; `exact` is float32, eager: the reference.
        guard: what happens when the doctor finds something: `warn` says so; `rollback` goes back to the best
            checkpoint and tries what the doctor suggests; `off` does not look.
        rollbacks: at most so many times.
    """

    about: str = ""
    source: str = ""
    game: dict[str, Any]
    data: Data = Data()
    batch_size: Annotated[int, Field(ge=1)] = 64
    parts: Annotated[int, Field(ge=1)] = 1
    images: Positive | None = None
    minutes: Annotated[float, Field(gt=0)] | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    device: str = "auto"
    speed: Literal["auto", "exact"] = "auto"
    guard: Literal["off", "warn", "rollback"] = "warn"
    rollbacks: Annotated[int, Field(ge=1)] = 3
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    average: Average = Average()
    record: Record = Record()
    evaluation: Evaluation = Evaluation()

    def used(self, images: int, seconds: float) -> float:
        """The share of the budget that is used up, 0 to 1.

        >>> Recipe(game={"name": "gan"}, images=1000, minutes=1).used(images=100, seconds=30)
        0.5
        """
        shown = images / self.images if self.images else 0.0
        spent = seconds / (60 * self.minutes) if self.minutes else 0.0
        return min(1.0, max(shown, spent))

    @model_validator(mode="after")
    def _some_budget(self) -> "Recipe":
        if self.images is None and self.minutes is None:
            raise ValueError("no budget: give --images N or --minutes M")
        return self


def changed(value: BaseModel, path: str = "") -> set[str]:
    """The dotted paths of all settings that differ from their default.

    >>> sorted(changed(Recipe(game={"name": "gan"}, images=5, optimizer=Optimizer(lr=1.0))))
    ['game', 'images', 'optimizer.lr']
    """
    different = set()
    for name, field in type(value).model_fields.items():
        item = getattr(value, name)
        if isinstance(item, BaseModel):
            different |= changed(item, f"{path}{name}.")
        elif item != field.default:
            different.add(f"{path}{name}")
    return different


def to_toml(recipe: Recipe) -> str:
    """The whole recipe as TOML, defaults included, so that a later change of a default does not change the run."""
    return tomli_w.dumps(recipe.model_dump(mode="json", exclude_none=True))
