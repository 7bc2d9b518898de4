r"""Augmented CycleGAN: from two heaps of pictures, all that one sort could be in the other.

A drawing has many colourings, of which CycleGAN gives one. A latent beside the drawing would be ignored: the way back
must arrive at the same drawing whatever its colours. Almahairi et al. ("Augmented CycleGAN: Learning Many-to-Many
Mappings from Unpaired Data", arXiv:1802.10151) let the way there and back go between pictures with latents: what $a$
does not say of its translation is in $z_b$, and what $b$ does not say of its own is in $z_a$.

$$ \tilde b = G_{AB}(a, z_b), \quad \tilde z_a = E_A(a, \tilde b); \qquad
a' = G_{BA}(\tilde b, \tilde z_a), \quad z_b' = E_B(a, \tilde b) $$
$$ L_{A \times Z_b \to B \times Z_a} = L^B_{GAN} + L^{Z_a}_{GAN}
+ \gamma_1 E |a' - a|_1 + \gamma_2 E |z_b' - z_b|_1 $$

and the same from $b$ and $z_a$ (section 3). $L^B_{GAN}$ and $L^{Z_a}_{GAN}$ match marginals: $D_B$ tells $\tilde b$
from pictures, and $D_{Z_a}$ tells $\tilde z_a$ from N(0, 1), so that what is drawn later has been met before. The last
term is what makes translations differ: $z_b$ must be readable from $\tilde b$. Least squares, $\gamma_1 = 1$ and
$\gamma_2 = 0.025$ are those of the authors' code, which leaves $z_a$ out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from sparring import translators
from sparring.data.batches import Images, Unpaired
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.picture_to_picture import (
    PictureToPicture,
    Weight,
    Width,
    beside,
    by_picture,
    inputs_of,
    judged,
    telling,
)
from sparring.nn.initialise import normal_weights
from sparring.nn.latents import Latent
from sparring.nn.resampling import Upsampling
from sparring.objectives import adversarial
from sparring.objectives.adversarial import squared_error

LEAST_SQUARES = adversarial.OBJECTIVES["least-squares"]
TO_A, TO_B = "inverse-", ""
"""What the names of players and terms begin with: those of the domain that is translated from, and of the other."""


@dataclass(frozen=True)
class Side:
    r"""What there is of one domain in a step, here of B, with the graph of translators and encoders.

    Attributes:
        real: $b$, [N, channels, H, W] in [-1, 1].
        drawn: $z_b$, [N, latent], N(0, 1).
        fake: $\tilde b = G_{AB}(a, z_b)$.
        again: $z_b' = E_B(a, \tilde b)$, which should be what was drawn.
        code: $\tilde z_b = E_B(\tilde a, b)$, with which one should return from $\tilde a$ to $b$.
    """

    real: Tensor
    drawn: Tensor
    fake: Tensor
    again: Tensor
    code: Tensor


class AugmentedCycleGAN(PictureToPicture):
    """Two translators, two encoders, two discriminators of patches, and two of latents.

    Args:
        spec: the pictures that come out, `spec.inputs` those that go in.
        latent: numbers of each latent.
        width: channels of the first stage of all networks.
        upsampling: how the translators enlarge.
        patch: pixels a side that each logit sees; absent: 70, or less for pictures below 64 pixels.
        cycle_weight: of the way there and back for pictures, the paper's gamma_1.
        latent_weight: of the same for latents, gamma_2.

    >>> spec = Spec(channels=3, height=64, width=64, inputs=Spec(channels=1, height=64, width=64))
    >>> [len(move.trains) for move in AugmentedCycleGAN(spec, width=8).moves()]
    [4, 4]
    """

    takes = Unpaired
    _legend: ClassVar[dict[str, str]] = {
        "discriminators.real": "how far the discriminator is from calling real pictures real; small: it knows them",
        "discriminators.fake": "how far it is from calling fakes fake; small: it sees through them",
        "discriminators.latent": "how far it is from telling drawn latents from encoded ones; 0.25: it cannot",
        "translators.adversarial": "how far the translation is from passing for a picture of its domain",
        "translators.latent-adversarial": "how far encoded latents are from passing for drawn ones",
        "translators.cycle": "the mean absolute difference after there and back, by its weight; it falls",
        "translators.latent-cycle": "how far off latents are that are read from translations, by its weight; while it "
        "stands still, all translations of a picture look alike",
    }
    legend: ClassVar[Mapping[str, str]] = _legend | {
        name.replace(".", f".{TO_A}"): f"the same of the way back: {text}" for name, text in _legend.items()
    }

    def __init__(
        self,
        spec: Spec,
        *,
        latent: Annotated[int, Field(ge=1, le=256)] = 16,
        width: Width = 32,
        upsampling: Upsampling = "resize",
        patch: Literal[16, 34, 70, 142, 286] | None = None,
        cycle_weight: Weight = 1.0,
        latent_weight: Weight = 0.025,
    ) -> None:
        super().__init__(spec)
        size, both = spec.shape[1:], spec.channels + translators.input_channels(spec)
        self.latent = self._drawn = Latent(distribution="normal", noise=latent)
        self.players = nn.ModuleDict()
        for to, way in ((TO_B, spec), (TO_A, translators.turned(spec))):
            self.players[f"{to}generator"] = translators.translator(
                "residual", way, width=width, norm="instance", upsampling=upsampling, told=latent
            )
            self.players[f"{to}discriminator"] = translators.patch_discriminator(
                way.channels, size, width=width, norm="instance", patch=patch
            )
        normal_weights(self.players)
        for to in (TO_B, TO_A):  # without norm, these need weights by the size of their layers
            self.players[f"{to}encoder"] = translators.encoder(both, size, width=width, latent=latent)
            self.players[f"{to}latent-discriminator"] = translators.latent_discriminator(latent)
        self._cycle_weight, self._latent_weight = cycle_weight, latent_weight

    def prepare(self, batch: Images) -> dict[str, Side]:
        """Translate both ways with drawn latents, and encode what the sources do not say."""
        a, b = inputs_of(batch), batch.pictures
        z_a, z_b = (self._drawn.draw(len(b), b.device) for _ in range(2))
        fake_a, fake_b = self._translated(TO_A, b, z_a), self._translated(TO_B, a, z_b)
        pairs = beside(a, fake_b), beside(fake_a, b)
        code_a, again_a = judged(self.players[f"{TO_A}encoder"], *pairs)
        again_b, code_b = judged(self.players[f"{TO_B}encoder"], *pairs)
        return {TO_A: Side(a, z_a, fake_a, again_a, code_a), TO_B: Side(b, z_b, fake_b, again_b, code_b)}

    def _translated(self, to: str, pictures: Tensor, latents: Tensor) -> Tensor:
        translated: Tensor = self.players[f"{to}generator"](telling(pictures, latents))
        return translated

    def moves(self) -> list[Move]:
        """First all that judge, then all that make, as the authors have it."""
        judges = tuple(name for name in self.players if name.endswith("discriminator"))
        makers = tuple(name for name in self.players if name not in judges)
        return [
            Move("discriminators", trains=judges, loss=self.discriminate),
            Move("translators", trains=makers, loss=self.translate),
        ]

    def discriminate(self, sides: Mapping[str, Side]) -> Terms:
        """The judges' side of the four marginals, by least squares, halved as `squared_error` is."""
        terms: Terms = {}
        for to, side in sides.items():
            real, fake = judged(self.players[f"{to}discriminator"], side.real, side.fake.detach())
            drawn, code = judged(self.players[f"{to}latent-discriminator"], side.drawn, side.code.detach())
            terms[f"{to}real"] = squared_error(real, 1.0).mean()
            terms[f"{to}fake"] = squared_error(fake, 0.0).mean()
            terms[f"{to}latent"] = squared_error(drawn, 1.0).mean() + squared_error(code, 0.0).mean()
        return terms

    def translate(self, sides: Mapping[str, Side]) -> Terms:
        """The other side of the marginals, and both ways there and back, each of a picture and a latent."""
        terms: Terms = {}
        for to, side, other in ((TO_B, sides[TO_B], sides[TO_A]), (TO_A, sides[TO_A], sides[TO_B])):
            logits, of_code = self.players[f"{to}discriminator"](side.fake), self.players[f"{to}latent-discriminator"]
            back = self._translated(to, other.fake, side.code)  # b' = G_AB(a~, z_b~)
            terms[f"{to}adversarial"] = 2 * squared_error(logits, 1.0).mean()
            terms[f"{to}latent-adversarial"] = 2 * squared_error(of_code(side.code), 1.0).mean()
            terms[f"{to}cycle"] = self._cycle_weight * (back - side.real).abs().mean()  # |b' - b|_1
            terms[f"{to}latent-cycle"] = self._latent_weight * (side.again - side.drawn).abs().mean()  # |z_b' - z_b|_1
        return terms

    def realness(self, batch: Images) -> Tensor:
        """The mean over the patches of what is called 1 for pictures of the wanted domain."""
        return by_picture(self.players["discriminator"](batch.pictures))

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead on the way there, and what is lost of pictures of the wanted domain on the way back to them."""
        there = {f"discriminator.{name}": losses[f"discriminators.{name}"] for name in ("real", "fake")}
        off = losses["translators.cycle"] / self._cycle_weight / 2 if self._cycle_weight else float("nan")
        return LEAST_SQUARES.reading(there) + (f"; {off:.1%} of the range lost there and back" if off == off else "")
