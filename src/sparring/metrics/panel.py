"""All metrics of a set of pictures by name: each a number from what an extractor saw in real pictures and in fakes.

The floor of a metric is the same metric with other real pictures, as many, in the place of the fakes: what a perfect
generator would have. So a metric of pictures has one, measured the same way, and need not be 0 or 1 at its best; only a
metric of the generator itself, its path length, has none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError, did_you_mean
from sparring.metrics import classes as of_classes
from sparring.metrics import modes, segmentation
from sparring.metrics.diversity import similarity_within_classes, vendi
from sparring.metrics.estimate import Estimate, of_repeats
from sparring.metrics.evidence import Evidence, Side
from sparring.metrics.fidelity import mean_absolute_error, psnr, ssim
from sparring.metrics.frechet import frechet_distance
from sparring.metrics.kernel import kernel_distance
from sparring.metrics.moments import moments
from sparring.metrics.neighbours import copying, two_sample_test
from sparring.metrics.transport import LIMIT, earth_mover, sliced_wasserstein


@dataclass(frozen=True)
class Metric:
    """A metric by its name.

    Attributes:
        about: what it says, in a few words.
        best: which values are better: lower ones, higher ones, or those near the floor.
        compute: the number, from evidence.
        needs: `nothing`; `classifier`: an extractor that knows the classes of the set; `labels`: and a generator that
            was asked for classes; `lesson`: and one that makes them from noise; `modes`: points of a mixture that is
            known; `path`: pictures from noise; `pairs`: a translator, and pairs; `large`: the same, of 11 pixels a side
            or more; `maps`: pairs whose pictures are maps of classes, which have no other metrics.
        floor: whether real pictures have a value too.
    """

    about: str
    best: Literal["lower", "higher", "floor"]
    compute: Callable[[Evidence], Estimate]
    needs: Literal["nothing", "classifier", "labels", "lesson", "modes", "path", "pairs", "large", "maps"] = "nothing"
    floor: bool = True


def _frechet(evidence: Evidence) -> Estimate:
    return Estimate(frechet_distance(moments(evidence.real.features), moments(evidence.fake.features)))


def _kernel(evidence: Evidence) -> Estimate:
    return kernel_distance(evidence.real.features, evidence.fake.features, seed=evidence.seed)


def _sliced(evidence: Evidence) -> Estimate:
    return Estimate(sliced_wasserstein(evidence.real.features, evidence.fake.features, seed=evidence.seed))


def _evenly(features: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """So many rows from all over: fakes come one class after the other, so the first ones would not do."""
    return features[np.arange(count) * len(features) // count]


def _earth_mover(evidence: Evidence) -> Estimate:
    count = min(len(evidence.real), len(evidence.fake), LIMIT)
    return Estimate(earth_mover(_evenly(evidence.real.features, count), _evenly(evidence.fake.features, count)))


def _modes(evidence: Evidence) -> modes.Coverage:
    if evidence.modes is None:
        raise UsageError("this metric needs points of a mixture whose modes are known")
    return modes.of_points(evidence.fake.features, *evidence.modes)


def _two_sample(evidence: Evidence) -> Estimate:
    count = min(len(evidence.real), len(evidence.fake))
    return Estimate(
        two_sample_test(_evenly(evidence.real.features, count), _evenly(evidence.fake.features, count)).accuracy
    )


def _vendi(evidence: Evidence) -> Estimate:
    return Estimate(vendi(evidence.fake.features))


def _authenticity(evidence: Evidence) -> Estimate:
    return Estimate(copying(evidence.real.features, evidence.held_out.features, evidence.fake.features).authenticity)


def _read(side: Side) -> NDArray[np.float32]:
    if side.seen.probabilities is None:
        raise UsageError("this metric needs an extractor that is a classifier of the set's classes")
    return side.seen.probabilities


def _counted(evidence: Evidence) -> of_classes.Classes:
    sides = [_read(side).argmax(1) for side in (evidence.real, evidence.fake)]
    return of_classes.classes(sides[0], sides[1], len(evidence.classes))


def _agreement(evidence: Evidence) -> Estimate:
    if evidence.fake.labels is None:
        raise UsageError("this metric needs pictures that were asked for by class")
    return Estimate(of_classes.agreement(_read(evidence.fake), evidence.fake.labels))


def _teaching(evidence: Evidence) -> Estimate:
    if evidence.taught is None or evidence.held_out.labels is None:
        raise UsageError("this metric needs pictures that were asked for by class, and a set with labels")
    probabilities = evidence.taught().probabilities
    assert probabilities is not None  # it is a classifier
    return Estimate(of_classes.agreement(probabilities, evidence.held_out.labels))


def _path(evidence: Evidence) -> Estimate:
    if evidence.path is None:
        raise UsageError("this metric needs a generator")
    return evidence.path()


def _by_pair(compare: Callable[[NDArray[Any], NDArray[Any]], NDArray[np.float64]]) -> Callable[[Evidence], Estimate]:
    """The mean over pairs of what came out and what should have."""

    def of(evidence: Evidence) -> Estimate:
        return of_repeats(compare(evidence.fake.pictures, evidence.partners).tolist())

    return of


def _psnr(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
    """Of equal pictures it would be infinite: at most that of an error of half a step, which rounding may hide."""
    most = 20 * np.log10(2 * float(np.iinfo(one.dtype).max))
    found: NDArray[np.float64] = np.minimum(psnr(one, other), most)
    return found


def _alike(evidence: Evidence) -> Estimate:
    fake = evidence.fake
    labels = _read(fake).argmax(1) if fake.labels is None else fake.labels
    means = similarity_within_classes(fake.pictures, labels[fake.rows], seed=evidence.seed)
    if not means:
        raise UsageError(f"ms-ssim of {len(fake.pictures):,} pictures: no class has two of them")
    return Estimate(float(np.mean(list(means.values()))))


METRICS = {
    "fd": Metric("Frechet distance of the features", "lower", _frechet),
    "kd": Metric("kernel distance of the features, unbiased", "lower", _kernel),
    "precision": Metric(
        "share of fakes among real ones: how good they look", "higher", lambda e: Estimate(e.manifold.precision)
    ),
    "recall": Metric(
        "share of real ones among fakes: how much of the variety is there",
        "higher",
        lambda e: Estimate(e.manifold.recall),
    ),
    "density": Metric("how many real ones are near a fake", "higher", lambda e: Estimate(e.manifold.density)),
    "coverage": Metric("share of real ones with a fake nearby", "higher", lambda e: Estimate(e.manifold.coverage)),
    "sliced": Metric("sliced Wasserstein distance of the features", "lower", _sliced),
    "two-sample": Metric("how often the nearest neighbour tells real from fake; 0.5 is ideal", "floor", _two_sample),
    "vendi": Metric("effective number of different pictures", "floor", _vendi),
    "authenticity": Metric("share of fakes that are not too near a training picture", "floor", _authenticity),
    "classes": Metric(
        "share of the classes that come up", "higher", lambda e: Estimate(_counted(e).covered), "classifier"
    ),
    "class-variation": Metric(
        "total variation between the classes of both sides",
        "lower",
        lambda e: Estimate(_counted(e).total_variation),
        "classifier",
    ),
    "inception-score": Metric(
        "surely of one class each, and all classes",
        "higher",
        lambda e: Estimate(of_classes.inception_score(_read(e.fake))),
        "classifier",
    ),
    "gan-test": Metric("how often a fake is of the class that was asked for", "higher", _agreement, "labels"),
    "gan-train": Metric(
        "how often a classifier that learnt from fakes alone is right on real pictures", "higher", _teaching, "lesson"
    ),
    "path-length": Metric("how unevenly pictures change as the latent moves", "lower", _path, "path", floor=False),
    "l1": Metric(
        "mean absolute difference to the true picture, as a share of the range",
        "lower",
        _by_pair(mean_absolute_error),
        "pairs",
        floor=False,
    ),
    "psnr": Metric(
        "peak signal to noise ratio of the true picture, in decibel", "higher", _by_pair(_psnr), "pairs", floor=False
    ),
    "ssim": Metric("structural similarity to the true picture", "higher", _by_pair(ssim), "large", floor=False),
    "pixel-accuracy": Metric(
        "share of pixels of the right class",
        "higher",
        lambda e: Estimate(segmentation.pixel_accuracy(e.confusion)),
        "maps",
        floor=False,
    ),
    "class-accuracy": Metric(
        "the same, of each class by itself; the mean over classes",
        "higher",
        lambda e: Estimate(segmentation.class_accuracy(e.confusion)),
        "maps",
        floor=False,
    ),
    "iou": Metric(
        "intersection over union of found and true pixels of a class; the mean over classes",
        "higher",
        lambda e: Estimate(segmentation.intersection_over_union(e.confusion)),
        "maps",
        floor=False,
    ),
    "modes": Metric("modes with a point of high quality", "higher", lambda e: Estimate(_modes(e).covered), "modes"),
    "high-quality": Metric(
        "share of points within three standard deviations of a mode",
        "higher",
        lambda e: Estimate(_modes(e).high_quality),
        "modes",
    ),
    "reverse-kl": Metric(
        "divergence of the modes from equally likely, less the floor",
        "lower",
        lambda e: Estimate(_modes(e).excess),
        "modes",
    ),
    "earth-mover": Metric("exact earth mover's distance of up to 4,096 points", "lower", _earth_mover, "modes"),
    "ms-ssim": Metric("how alike two pictures of a class are", "floor", _alike, "classifier"),
}


def find(name: str) -> Metric:
    """The metric of that name.

    Raises:
        UsageError: there is none; the message suggests the nearest.
    """
    if name not in METRICS:
        raise UsageError(f"unknown metric {name!r}: {did_you_mean(name, METRICS)}")
    return METRICS[name]
