"""Looks at a run between two steps: the same latents every time, and a few real pictures, held-out ones among them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor, nn

from sparring.data.batches import Images, Labelled, Paired
from sparring.doctor import signals
from sparring.doctor.bank import Bank
from sparring.games.base import Product, Sampler
from sparring.games.noise_to_image import CLASS
from sparring.games.picture_to_picture import Translation
from sparring.metrics.neighbours import manifold
from sparring.training.loop import Trainer

SELDOM = 2
"""Looks to every one that takes in what is shipped as well."""


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
        self._given = self._product.given(bank.few, seed).to(trainer.device)
        self._last: Tensor | None = None
        self._looks = 0

    @cached_property
    def labels(self) -> Tensor | None:
        """[N], the classes that the fakes should have; None where the generator is told none."""
        if not isinstance(self._product, Sampler):
            return None
        latent = self._product.latent
        code = next((code for code in latent.codes if code.name == CLASS), None)
        return None if code is None else code.read(self._given[:, latent.columns(code.name)])

    @cached_property
    def _real(self) -> Tensor:
        """[N, F], sketches of the few."""
        return signals.sketches(self.bank.few.pictures.cpu())

    def rehearse(self) -> dict[str, float]:
        """Look, and forget what was seen, since the first look takes longest.

        Returns:
            The `weights` of every player, to compare later ones with.
        """
        seen = self.look()
        self._looks, self._last = 0, None
        return {name: value for name, value in seen.items() if name.endswith(".weights")}

    def look(self) -> dict[str, float]:
        """The signals by name, those that mean something here."""
        with untouched(self.trainer.game), self._eager():
            return self._look()

    def glance(self) -> dict[str, float]:
        """What is urgent of them: how the pictures look, and the players' steps."""
        with untouched(self.trainer.game), self._eager(), torch.no_grad():
            return self._likeness(signals.sketches(self._product.generator(self._given).cpu())) | self._vitals()

    @torch.no_grad()
    def picture(self, verdict: str) -> tuple[Tensor, Tensor]:
        """What to look at beside a verdict: fakes, and as many pictures to compare them with.

        These are real pictures; for copies the nearest training picture of each fake, for a mismatch what is shipped
        from the same latents, and where labels are ignored both sides by class.

        Args:
            verdict: its name.
        """
        with untouched(self.trainer.game), self._eager():
            fake, few = self._product.generator(self._given), self.bank.few
            if verdict == "copying":
                return fake, self.bank.nearest(fake)
            if verdict == "statistics mismatch":
                return fake, self._shipped().generator(self._given)
            if verdict == "label ignored" and self.labels is not None and isinstance(few, Labelled):
                return fake[self.labels.argsort(stable=True)], few.pictures[few.labels.argsort(stable=True)]
            return fake, few.pictures

    def _eager(self) -> AbstractContextManager[object]:
        """Without compiling players anew for the few pictures of a look."""
        return torch.compiler.set_stance("force_eager") if self.trainer.speed.compiled else nullcontext()

    def _look(self) -> dict[str, float]:
        with torch.no_grad():
            fake = self._product.generator(self._given)
        found = self._pictures(fake.cpu()) | self._logits(fake) | self._colours(fake)
        if self._looks % SELDOM == 0:
            found["shipped_distance"] = self._shipped_distance()
        self._looks += 1
        return found | self._vitals()

    def _vitals(self) -> dict[str, float]:
        return {
            f"{player}.{name}": value
            for player in self.trainer.game.players
            for name, value in self.trainer.vitals(player).items()
        }

    @cached_property
    def _own(self) -> float:
        """The spread of real pictures, which may all be the same."""
        return max(signals.spread(self._real), 1e-6)

    @cached_property
    def _next(self) -> float:
        """From a real picture to the nearest other one, in the mean."""
        return max(float(signals.nearest(self._real).mean()), 1e-6)

    def _likeness(self, vectors: Tensor) -> dict[str, float]:
        """How many sorts of pictures there are, and how far they are from real ones, by their sketches, [N, F]."""
        return {
            "spread": signals.spread(vectors) / self._own,
            "apart": float(signals.nearest(vectors).mean()) / self._next,
            "variety": signals.variety(vectors, self.bank.middles) / signals.variety(self._real, self.bank.middles),
            "distance": signals.energy_distance(self._real, vectors),
        }

    @torch.no_grad()
    def _pictures(self, fake: Tensor) -> dict[str, float]:
        bank, real, vectors = self.bank, self._real, signals.sketches(fake)
        inside = manifold(real.numpy(), vectors.numpy())
        found = self._likeness(vectors) | {"coverage": inside.coverage, "recall": inside.recall}
        if not isinstance(bank.few, Paired):  # of pairs, a training picture is what should come out
            found |= {"copies": signals.copies(bank.vectors, bank.own, vectors), "copies_expected": bank.copies}
        if self._last is not None:
            found["drift"] = float((vectors - self._last).norm(dim=1).mean()) / self._own
        self._last = vectors
        if self.labels is not None and bank.classifier is not None:
            right, chance = signals.accuracy(bank.classifier, vectors, self.labels.cpu()), 1 / bank.classifier.shape[1]
            found["agreement"] = (right - chance) / (bank.right - chance)
        if min(fake.shape[2:]) >= 8:
            grids = zip(("peak_2", "peak_4"), signals.grid(fake), signals.grid(bank.few.pictures.cpu()), strict=True)
            found |= {name: drawn - usual for name, drawn, usual in grids}
        return found

    @torch.no_grad()
    def _colours(self, fake: Tensor) -> dict[str, float]:
        """Whether a translation keeps what is bright bright, where it could."""
        channels = fake.shape[1]
        if not isinstance(self._product, Translation) or self._product.inputs.channels != channels:
            return {}
        inputs = self._given[:, :channels]
        found = {"colours": signals.correlation(inputs, fake)}
        if isinstance(self.bank.few, Paired):
            found["colours_expected"] = signals.correlation(inputs, self.bank.few.pictures)
        return found

    def _shipped(self) -> Product:
        return self.trainer.game.product(dict(self.trainer.averages.players.items()))

    @torch.no_grad()
    def _shipped_distance(self) -> float:
        """How far what is shipped, the average in its evaluation mode, is from real pictures."""
        return signals.energy_distance(self._real, signals.sketches(self._shipped().generator(self._given).cpu()))

    def _logits(self, fake: Tensor) -> dict[str, float]:
        given = replace(self.bank.few, pictures=fake.detach().requires_grad_())
        if isinstance(given, Labelled) and self.labels is not None:
            given = replace(given, labels=self.labels)
        with torch.enable_grad():
            judged = self.trainer.game.realness(given)
        if judged is None:
            return {}
        (slope,) = torch.autograd.grad(judged.sum(), given.pictures)
        train, fakes = self._judged(self.bank.few), judged.detach().cpu()
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
        if self.bank.held_out is not None:
            held_out = self._judged(self.bank.held_out)
            found["accuracy_held_out"] = float((held_out > middle).float().mean())
            found["overfitting"] = signals.overfitting(train, held_out, fakes)
        return found

    @torch.no_grad()
    def _judged(self, batch: Images) -> Tensor:
        realness = self.trainer.game.realness(batch)
        assert realness is not None  # or it would have been for the fakes
        return realness.cpu()


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
