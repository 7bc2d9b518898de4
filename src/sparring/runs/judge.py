"""Who measures a model's pictures: they are drawn, looked at beside real ones, and every number gets its receipt."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count as count_up
from itertools import repeat
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sparring.data import Dataset
from sparring.data.batches import from_stored
from sparring.data.maps import class_numbers
from sparring.data.synthetic import PointSource
from sparring.errors import UsageError
from sparring.games.base import Product, Sampler
from sparring.games.picture_to_picture import Translation
from sparring.inference import sample, translate
from sparring.metrics import classifier, panel, protocol, receipt
from sparring.metrics.estimate import Estimate, of_repeats
from sparring.metrics.evidence import Evidence, Side
from sparring.metrics.features import Extractor, Seen, joined, look
from sparring.metrics.fidelity import WINDOW
from sparring.metrics.path import path_length
from sparring.metrics.receipt import Receipt
from sparring.runs.parts import Sets
from sparring.seeds import mix

KEPT = 2000
"""Pictures of a side that are kept, for the few metrics of pictures themselves."""


class Judge:
    """A set, an extractor and a protocol: measures one model after the other; real pictures are looked at once.

    Args:
        sets: the pictures to compare with.
        extractor: what looks at all pictures.
        by: the name of a protocol: how many, how often.
        seed: of what is drawn.
        say: is told how far it is.

    Raises:
        UsageError: the protocol wants a test part, and the set has none.
    """

    def __init__(self, sets: Sets, extractor: Extractor, by: str, seed: int, say: Callable[[str], None]) -> None:
        self.extractor, self.by, self.seed, self.say = extractor, by, seed, say
        self.plan = plan = protocol.find(by)
        self.dataset = sets.train
        source = sets.train.source
        self._modes = (source.modes, source.sigma) if isinstance(source, PointSource) else None
        self._classes = extractor.classes if extractor.classes == sets.train.spec.classes else ()
        main = sets.test if plan.split == "test" and sets.test is not None else sets.train
        if plan.split == "test" and sets.test is None:
            raise UsageError(
                f"{sets.train.title} has no test part: take a protocol that compares with the training part"
            )
        if sets.test is None and sets.train.inputs is not None:
            say(f"{sets.train.title} has no test part: what is translated was trained on")
        order = np.random.default_rng(mix("real pictures", seed)).permutation(len(main))
        if plan.real is None:
            self.real = self._real(main, order)
            # the whole part is compared with, so the floor is between its halves
            self.floor = self.real.half(0), self.real.half(1)
            self._held_out = main, order[1::2]
            return
        other = sets.test if main is sets.train else None
        count = min(plan.real, len(main) // 2 if other is None else min(len(main), len(other)))
        self.real = self._real(main, order[:count])
        if other is None:
            self._held_out = main, order[count : 2 * count]
        else:
            rows = np.random.default_rng(mix("held out", seed)).permutation(len(other))
            self._held_out = other, rows[:count]
        self.floor = self.real, self._real(*self._held_out)

    def _real(self, dataset: Dataset, rows: NDArray[np.int64]) -> Side:
        self.say(f"looking at {len(rows):,} real pictures")
        labels = None if dataset.labels is None else dataset.labels[rows]
        return self._side(self._pictures(dataset, rows), len(rows), labels)

    def _pictures(self, dataset: Dataset, rows: NDArray[np.int64], at_once: int = 1000) -> Iterator[NDArray[Any]]:
        for at in range(0, len(rows), at_once):
            yield dataset.rows(rows[at : at + at_once]).permute(0, 2, 3, 1).numpy()

    def _fakes(self, product: Product, number: int) -> Side:
        count = self.plan.fake if self.plan.real is None else len(self.real)
        self.say(f"drawing {count:,} pictures" + (f", round {number + 1}" if self.plan.repeats > 1 else ""))
        if isinstance(product, Translation):
            return self._translated(product, count)
        asked: list[int] = []

        def parts() -> Iterator[NDArray[Any]]:
            for part, label in sample.in_proportion(product, count, self.seed + number, self.dataset.labels):
                asked.extend([] if label is None else [label] * len(part))
                yield part

        side = self._side(parts(), count, None)
        return side if not asked else replace(side, labels=np.array(asked))

    def _translated(self, product: Translation, count: int) -> Side:
        """Translations of what was held out, if anything was; of pairs, those whose true pictures are the floor."""
        dataset, rows = self._held_out
        if product.domains:
            return self._exchanged(product, dataset, rows[:count])
        if dataset.inputs is None:
            raise UsageError(f"{dataset.title} has nothing to translate")
        heap = np.random.default_rng(mix("sources", self.seed)).permutation(len(dataset.inputs))
        chosen = (rows if dataset.aligned else heap)[:count]
        pictures = (part for part in self._pictures(dataset.inputs, chosen))
        # where a picture has many translations, each shows another one
        variants = count_up() if product.latent else repeat(0)
        translated = (
            np.stack([translate.picture(product, one, variant=next(variants)) for one in part]) for part in pictures
        )
        return self._side(translated, len(chosen), None)

    def _exchanged(self, product: Translation, dataset: Dataset, rows: NDArray[np.int64]) -> Side:
        """Pictures translated to the other domains in turn."""
        assert dataset.labels is not None
        domains = product.domains
        others = np.arange(len(rows)) % max(len(domains) - 1, 1) + 1
        wanted = (dataset.labels[rows] + others) % len(domains)
        names = iter(wanted.tolist())
        translated = (
            np.stack([translate.picture(product, one, domains[next(names)]) for one in part])
            for part in self._pictures(dataset, rows)
        )
        return self._side(translated, len(rows), wanted)

    def _side(self, parts: Iterator[NDArray[Any]], count: int, labels: NDArray[np.int64] | None) -> Side:
        """Look at pictures as they come, and keep every so many-th."""
        seen, pictures, rows = [], [], []
        stride, at = -(-count // KEPT) | 1, 0  # an odd one, so that both halves of a side have some
        for part in parts:
            seen.append(look(self.extractor, part, self.dataset.spec.bits))
            few = np.arange(-at % stride, len(part), stride)
            pictures.append(part[few])
            rows.append(at + few)
            at += len(part)
        return Side(joined(seen), labels, np.concatenate(pictures), np.concatenate(rows))

    def can(self, name: str, product: Product) -> bool:
        """Whether a metric can be computed for this set and what draws these pictures."""
        needs = panel.find(name).needs
        if needs == "maps" or product.spec.map is not None:
            return needs == "maps" and product.spec.map is not None and self._held_out[0].aligned
        if needs == "modes":
            return self._modes is not None
        if needs == "path":
            return not product.spec.points and isinstance(product, Sampler)
        if needs in ("pairs", "large"):
            large = min(product.spec.height, product.spec.width) >= WINDOW
            return self._held_out[0].aligned and isinstance(product, Translation) and (needs == "pairs" or large)
        if isinstance(product, Translation):
            known = ("classifier", "labels") if product.domains else ("classifier",)
            return needs == "nothing" or (bool(self._classes) and needs in known)
        asked = self.dataset.labels is not None and sample.class_code(product) is not None
        return needs == "nothing" or (bool(self._classes) and (needs == "classifier" or asked))

    def able(self, product: Product) -> list[str]:
        """The metrics that can be computed."""
        return [name for name in panel.METRICS if self.can(name, product)]

    def measure(self, product: Product, images: int, names: tuple[str, ...] = ()) -> list[Receipt]:
        """A receipt for each metric that can be computed.

        Args:
            product: what is judged; its generator draws in the mode that it is in.
            images: real images that it was shown.
            names: of metrics; none: those of the protocol.
        """
        usable = [name for name in names or self.plan.metrics if self.can(name, product)]
        repeats = self.plan.repeats if isinstance(product, Sampler) else 1  # a translation is the same each time
        rounds = [self._evidence(product, number) for number in range(repeats)]
        values = {name: [panel.find(name).compute(evidence) for evidence in rounds] for name in usable}
        # the judge itself has learnt from real pictures
        floor = replace(rounds[0], real=self.floor[0], fake=self.floor[1], taught=lambda: self.floor[1].seen, path=None)
        floors = {name: panel.find(name).compute(floor).value for name in usable if panel.find(name).floor}
        for name in usable:
            warning = receipt.too_few(name, min(len(self.real), len(rounds[0].fake)), self.real.features.shape[1])
            if warning:
                self.say(warning)
        return [self._receipt(images, name, values[name], floors.get(name), rounds[0]) for name in usable]

    def _evidence(self, product: Product, number: int) -> Evidence:
        fake = self._fakes(product, number)
        return Evidence(
            real=self.real,
            fake=fake,
            held_out=self.floor[1],
            classes=self._classes,
            modes=self._modes,
            taught=lambda: self._taught(product, number),
            path=lambda: path_length(product, self.extractor, seed=self.seed + number),
            seed=self.seed,
            wanted=self._wanted(fake) if self._held_out[0].aligned else None,
        )

    def _wanted(self, fake: Side) -> NDArray[Any]:
        """What should have come out for each of the translations that were kept."""
        dataset, rows = self._held_out
        wanted = next(self._pictures(dataset, rows[fake.rows], len(fake.rows)))
        return wanted if dataset.spec.map is None else class_numbers(wanted)

    def _taught(self, product: Product, number: int) -> Seen:
        """What a classifier that has learnt from fakes alone says of the held-out pictures."""
        self.say("training a classifier on the fakes")
        labels = self.dataset.labels
        parts = list(sample.in_proportion(product, len(self.real), self.seed + number, labels))
        pictures = np.concatenate([part for part, _ in parts])
        asked = np.concatenate([np.full(len(part), label) for part, label in parts])
        spec = self.dataset.spec

        def rows(numbers: NDArray[np.int64]) -> Tensor:
            return from_stored(torch.from_numpy(pictures[numbers].transpose(0, 3, 1, 2).copy()), spec.bits)

        pupil = classifier.learn(rows, len(pictures), asked, spec.classes, spec.channels)
        return joined([look(pupil, part, spec.bits) for part in self._pictures(*self._held_out)])

    def _receipt(
        self, images: int, name: str, values: list[Estimate], floor: float | None, evidence: Evidence
    ) -> Receipt:
        total = values[0] if len(values) == 1 else of_repeats([value.value for value in values])
        return Receipt(
            metric=receipt.named(name, self.extractor.title),
            value=total.value,
            interval=total.interval,
            floor=floor,
            best=panel.find(name).best,
            protocol=self.by,
            extractor=self.extractor.title,
            resize=self.extractor.resize,
            quantisation="none" if self.dataset.spec.points else f"uint{self.dataset.spec.bits}",
            data=self.dataset.fingerprint,
            split=self.plan.split,
            real=len(evidence.real),
            fake=len(evidence.fake),
            floor_real=len(self.floor[1]),
            seed=self.seed,
            repeats=len(values),
            images=images,
        )
