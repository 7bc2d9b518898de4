"""Looks at a run between two steps: the same latents every time, and a few real pictures, held-out ones among them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sparring.data import Dataset
from sparring.data.batches import Images, Labelled
from sparring.doctor import signals
from sparring.games.base import Product
from sparring.games.noise_to_image import CLASS
from sparring.seeds import mix
from sparring.training.loop import Trainer

FEW = 64
"""Pictures of each sort that are shown to the networks."""
FEWEST = 16
"""Real pictures without which nothing can be compared."""
BANK = 1000
"""Training pictures that fakes are compared with, for copies and classes."""
SELDOM = 4
"""Looks to every one that takes in what is shipped as well."""
WHITE = 0.98
"""Pixels beyond it, either way, count as saturated."""
CHANCE = 1.5
"""Times as often as by chance the linear classifier must be right, or its opinion is not asked."""


@dataclass(frozen=True)
class Bank:
    """Real pictures, and what is known of them once and for all.

    Attributes:
        few: training pictures that the discriminator is shown.
        held_out: as many that are not trained on; None where the set has none.
        pictures: from numbers, [M] below N, to training pictures, [M, C, H, W].
        vectors: [N, F], sketches of training pictures, the few first.
        own: [N], how far each is from its nearest neighbour among them.
        middles: [K, F], of the groups that the training pictures fall into.
        classifier: from sketches to classes; None without labels, or where it does not work.
        right: how often the classifier is right on real pictures that it was not made from.
    """

    few: Images
    held_out: Images | None
    pictures: Callable[[Tensor], Tensor]
    vectors: Tensor
    own: Tensor
    middles: Tensor
    classifier: Tensor | None
    right: float

    def nearest(self, pictures: Tensor) -> Tensor:
        """[M, C, H, W], for each of so many pictures the training picture that is most like it."""
        return self.pictures(torch.cdist(signals.sketches(pictures), self.vectors).argmin(1))


def bank(train: Dataset, held_out: Dataset | None, multiple: int, device: torch.device) -> Bank:
    """Always the same pictures of a set.

    Args:
        train: what is trained on.
        held_out: what is not; None if there is nothing.
        multiple: the number shown to a network must be a multiple of it.
        device: where to.
    """
    rows = _some(train, min(len(train), BANK if train.stored is not None else 2 * FEW))
    vectors = torch.cat([signals.sketches(train.batch(part).pictures) for part in _parts(rows)]).to(device)
    few = min(FEW, len(rows))
    few -= few % multiple
    classifier, right = None, 0.0
    if train.labels is not None and len(train.spec.classes) > 1:
        classes, half, labels = len(train.spec.classes), len(rows) // 2, torch.from_numpy(train.labels[rows]).to(device)
        classifier = signals.linear_classifier(vectors[half:], labels[half:], classes)
        right = signals.accuracy(classifier, vectors[:half], labels[:half])
        classifier = classifier if right > CHANCE / classes else None
    few_held_out = None if held_out is None or len(held_out) < few else held_out.batch(_some(held_out, few)).to(device)
    return Bank(
        few=train.batch(rows[:few]).to(device),
        held_out=few_held_out,
        pictures=lambda numbers: train.batch(rows[numbers.cpu().numpy()]).pictures,
        vectors=vectors,
        own=signals.nearest(vectors),
        middles=signals.groups(vectors),
        classifier=classifier,
        right=right,
    )


def _some(dataset: Dataset, count: int) -> NDArray[np.int64]:
    return np.random.default_rng(mix("doctor", 0)).permutation(len(dataset))[:count]


def _parts(rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """So many at a time, since large pictures would fill the memory."""
    return np.array_split(rows, -(-len(rows) // FEW))


class Examiner:
    """Reads the signals of a trainer, which it leaves as it was.

    Args:
        trainer: who is looked at.
        bank: real pictures.
        seed: of the latents.
    """

    def __init__(self, trainer: Trainer, bank: Bank, seed: int) -> None:
        self.trainer, self.bank = trainer, bank
        self._product = trainer.game.product(dict(trainer.game.players.items()))
        latents = self._product.latent.numbered(seed, 0, len(bank.few))
        self._latents = latents.to(bank.vectors.device)
        self._last: Tensor | None = None
        self._looks = 0

    @cached_property
    def labels(self) -> Tensor | None:
        """[N], the classes that the fakes should have; None where the generator is told none."""
        latent = self._product.latent
        code = next((code for code in latent.codes if code.name == CLASS), None)
        return None if code is None else code.read(self._latents[:, latent.columns(code.name)])

    def look(self) -> dict[str, float]:
        """The signals by name, those that mean something here."""
        with untouched(self.trainer.game):
            return self._look()

    @torch.no_grad()
    def picture(self, verdict: str) -> tuple[Tensor, Tensor]:
        """What to look at beside a verdict: fakes, and as many pictures to compare them with.

        These are real pictures; for copies the nearest training picture of each fake, for a mismatch what is shipped
        from the same latents, and where labels are ignored both sides by class.

        Args:
            verdict: its name.
        """
        with untouched(self.trainer.game):
            fake, few = self._product.generator(self._latents), self.bank.few
            if verdict == "copying":
                return fake, self.bank.nearest(fake)
            if verdict == "statistics mismatch":
                return fake, self._shipped().generator(self._latents)
            if verdict == "label ignored" and self.labels is not None and isinstance(few, Labelled):
                return fake[self.labels.argsort(stable=True)], few.pictures[few.labels.argsort(stable=True)]
            return fake, few.pictures

    def _look(self) -> dict[str, float]:
        with torch.no_grad():
            fake = self._product.generator(self._latents)
        real = self.bank.few.pictures
        found = self._pictures(real, fake) | self._logits(fake)
        if self._looks % SELDOM == 0:
            found["shipped_distance"] = self._shipped_distance()
        self._looks += 1
        for player in self.trainer.game.players:
            found |= {f"{player}.{name}": value for name, value in self.trainer.vitals(player).items()}
        return found

    @torch.no_grad()
    def _pictures(self, real: Tensor, fake: Tensor) -> dict[str, float]:
        one, other = signals.sketches(real), signals.sketches(fake)
        own = max(signals.spread(one), 1e-6)  # real pictures may all be the same
        found = {
            "spread": signals.spread(other) / own,
            "variety": signals.variety(other, self.bank.middles) / signals.variety(one, self.bank.middles),
            "coverage": signals.coverage(one, other),
            "recall": signals.recall(one, other),
            "distance": signals.energy_distance(one, other),
            "copies": signals.copies(self.bank.vectors, self.bank.own, other),
        }
        if self.bank.held_out is not None:
            held_out = signals.sketches(self.bank.held_out.pictures)
            found["copies_expected"] = signals.copies(self.bank.vectors, self.bank.own, held_out)
        if self._last is not None:
            found["drift"] = float((other - self._last).norm(dim=1).mean()) / own
        self._last = other
        if self.labels is not None and self.bank.classifier is not None:
            right = signals.accuracy(self.bank.classifier, other, self.labels)
            chance = 1 / self.bank.classifier.shape[1]
            found["agreement"] = (right - chance) / (self.bank.right - chance)
        if min(real.shape[2:]) >= 8:
            (half, quarter), (usual_half, usual_quarter) = signals.grid(fake), signals.grid(real)
            found |= {"peak_2": half - usual_half, "peak_4": quarter - usual_quarter}
            found["saturated"] = float((fake.abs() > WHITE).float().mean() - (real.abs() > WHITE).float().mean())
        return found

    def _shipped(self) -> Product:
        return self.trainer.game.product(dict(self.trainer.averages.players.items()))

    @torch.no_grad()
    def _shipped_distance(self) -> float:
        """How far what is shipped, the average in its evaluation mode, is from real pictures."""
        one, other = (signals.sketches(x) for x in (self.bank.few.pictures, self._shipped().generator(self._latents)))
        return signals.energy_distance(one, other)

    def _logits(self, fake: Tensor) -> dict[str, float]:
        game, few = self.trainer.game, self.bank.few
        given = replace(few, pictures=fake.detach().requires_grad_())
        if isinstance(given, Labelled) and self.labels is not None:
            given = replace(given, labels=self.labels)
        with torch.enable_grad():
            fakes = game.realness(given)
        if fakes is None:
            return {}
        (slope,) = torch.autograd.grad(fakes.sum(), given.pictures)
        fakes = fakes.detach()
        with torch.no_grad():
            train = game.realness(few)
            held_out = None if self.bank.held_out is None else game.realness(self.bank.held_out)
        assert train is not None
        middle = (train.mean() + fakes.mean()) / 2
        found = {
            "separation": signals.separation(train, fakes),
            "accuracy_train": float((train > middle).float().mean()),
            "accuracy_fake": float((fakes < middle).float().mean()),
            "sureness": float((train - middle).sign().mean()),
            "gap": float(train.mean() - fakes.mean()),
            "logits": float(torch.cat([train, fakes]).abs().mean()),
            "slope": float(slope.flatten(1).norm(dim=1).mean()),
        }
        if held_out is not None:
            found["accuracy_held_out"] = float((held_out > middle).float().mean())
            found["overfitting"] = signals.overfitting(train, held_out, fakes)
        return found


@contextmanager
def untouched(network: nn.Module) -> Iterator[None]:
    """Put back every buffer afterwards: running statistics, and the directions that spectral norm measures along."""
    kept = [(buffer, buffer.clone()) for buffer in network.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in kept:
                buffer.copy_(before)
