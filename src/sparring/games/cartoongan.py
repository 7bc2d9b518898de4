r"""CartoonGAN: photos become cartoons, from two heaps of pictures.

What makes a cartoon is its clear edges, and they are few pixels of it: a discriminator may overlook that they are
missing. Chen, Lai and Liu ("CartoonGAN: Generative Adversarial Networks for Photo Cartoonization", CVPR 2018) show it
cartoons $e$ whose edges were blurred as a third sort of pictures, which it must call fake. That the picture is still
that of the photo $p$ is told by a network that was trained elsewhere, in one of its feature maps $\phi$:

$$ L(G, D) = L_{adv}(G, D) + \omega L_{con}(G), \qquad L_{con} = E_p |\phi(G(p)) - \phi(p)|_1 $$
$$ L_{adv} = E_c[\log D(c)] + E_e[\log(1 - D(e))] + E_p[\log(1 - D(G(p)))] $$

(section 3.2), with $\omega = 10$ and the map conv4_4 of VGG-19 for $\phi$. The generator's side is non-saturating here.
At first it learns from $L_{con}$ alone, so that it begins with photos as they are (the initialisation phase, section
3.3); the discriminator waits. Here $\phi$ is any extractor of the metrics: it is given, never fetched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from sparring import translators
from sparring.data.batches import Images, Unpaired
from sparring.data.spec import Spec
from sparring.games.base import Move, Perception, Terms
from sparring.games.picture_to_picture import (
    PictureToPicture,
    Weight,
    Width,
    as_light,
    by_picture,
    inputs_of,
    judged,
)
from sparring.nn.edges import smooth_edges
from sparring.nn.initialise import normal_weights
from sparring.nn.resampling import Upsampling
from sparring.objectives import adversarial


@dataclass(frozen=True)
class Sketch:
    """One batch of each heap, and what the generator makes of the photos, with its graph.

    Attributes:
        photo: [N, input channels, H, W] in [-1, 1].
        cartoon: [N, channels, H, W]; nothing belongs to anything.
        fake: $G(p)$.
        smoothed: the cartoons with their edges blurred, $e$; None during the warm-up.
    """

    photo: Tensor
    cartoon: Tensor
    fake: Tensor
    smoothed: Tensor | None


class CartoonGAN(PictureToPicture):
    """A translator with residual blocks against a discriminator of patches that knows soft edges.

    Args:
        spec: the pictures that come out, `spec.inputs` those that go in.
        perception: what content is compared by, $\\phi$; only a game that is not trained can do without.
        width: channels of the first stage of both networks.
        norm: of both networks.
        upsampling: how the generator enlarges.
        patch: pixels a side that each logit sees; absent: 70, or less for small pictures.
        objective: of both players: `non-saturating` as in the paper, or `least-squares` as in its authors' code.
        perceptual: which network tells content: `own`, a classifier trained on the photos; `random`, convolutions that
            were never trained; `inception`, the published one; or the file of the weights of a VGG.
        content_weight: of the content, the paper's omega.
        warmup: images at first from which the generator learns content alone.
        smoothing: deviation of the blur of the edges, in pixels.

    >>> spec = Spec(channels=3, height=64, width=64, inputs=Spec(channels=3, height=64, width=64))
    >>> [move.name for move in CartoonGAN(spec, width=8).moves()]
    ['discriminator', 'generator']
    """

    takes = Unpaired
    perceives = True
    legend: ClassVar[Mapping[str, str]] = {
        **adversarial.LEGEND,
        "discriminator.smoothed": "how far the discriminator is from calling cartoons with blurred edges fake; small: "
        "it looks at edges",
        "generator.content": "how much of what the photo shows is not where it was, by its weight; it falls during the "
        "warm-up, and rises a little when the discriminator joins in",
    }
    shown: Tensor

    def __init__(
        self,
        spec: Spec,
        perception: Perception | None = None,
        *,
        width: Width = 32,
        norm: Literal["instance", "none"] = "instance",
        upsampling: Upsampling = "resize",
        patch: Literal[16, 34, 70, 142, 286] | None = None,
        objective: Literal["non-saturating", "least-squares"] = "non-saturating",
        perceptual: str = "own",
        content_weight: Weight = 10.0,
        warmup: Annotated[int, Field(ge=0)] = 0,
        smoothing: Annotated[float, Field(gt=0, le=50)] = 1.5,
    ) -> None:
        super().__init__(spec)
        generator = translators.translator("residual", spec, width=width, norm=norm, upsampling=upsampling)
        discriminator = translators.patch_discriminator(
            spec.channels, spec.shape[1:], width=width, norm=norm, patch=patch
        )
        self.players = nn.ModuleDict({"generator": generator, "discriminator": discriminator})
        normal_weights(self.players)
        self._perception, self._perceptual = perception, perceptual
        self._objective = adversarial.OBJECTIVES[objective]
        self._scale = 2.0 if objective == "least-squares" else 1.0  # `squared_error` is halved already
        self._content_weight, self._warmup, self._smoothing = content_weight, warmup, smoothing
        self.register_buffer("shown", torch.zeros((), dtype=torch.int64))

    @property
    def warm(self) -> bool:
        """Whether the warm-up is over."""
        return not self._warmup or int(self.shown) >= self._warmup

    def prepare(self, batch: Images) -> Sketch:
        """Translate the photos, and blur the edges of the cartoons."""
        photo, cartoon = inputs_of(batch), batch.pictures
        smoothed = smooth_edges(cartoon, self._smoothing) if self.warm else None
        self.shown += len(batch)
        return Sketch(photo, cartoon, self.players["generator"](photo), smoothed)

    def moves(self) -> list[Move]:
        """One turn each, but for the warm-up, when the discriminator has none."""
        return [
            Move("discriminator", trains=("discriminator",), loss=self.discriminate, when=lambda: self.warm),
            Move("generator", trains=("generator",), loss=self.generate),
        ]

    def discriminate(self, sketch: Sketch) -> Terms:
        """The three terms of L_adv."""
        assert sketch.smoothed is not None  # nobody asks before the warm-up is over
        shown = sketch.cartoon, sketch.smoothed, sketch.fake.detach()
        real, smoothed, fake = judged(self.players["discriminator"], *shown)
        loss = self._objective.discriminate
        return {
            "real": self._scale * loss(real, 1.0).mean(),  # -log D(c)
            "smoothed": self._scale * loss(smoothed, 0.0).mean(),  # -log(1 - D(e))
            "fake": self._scale * loss(fake, 0.0).mean(),  # -log(1 - D(G(p)))
        }

    def generate(self, sketch: Sketch) -> Terms:
        """Pass for a cartoon, and show what the photo shows; during the warm-up the latter alone."""
        content = self._content_weight * self._apart(sketch.photo, sketch.fake)
        if sketch.smoothed is None:
            return {"adversarial": torch.zeros_like(content), "content": content}
        logits = self.players["discriminator"](sketch.fake)
        return {"adversarial": self._scale * self._objective.generate(logits).mean(), "content": content}

    def _apart(self, photo: Tensor, fake: Tensor) -> Tensor:
        """L_con, the mean over all numbers of the map, so that it does not depend on the size."""
        if self._perception is None:
            raise TypeError(f"a game without the network that it compares content by ({self._perceptual})")
        with torch.no_grad():
            wanted = self._perception(photo)
        return (self._perception(as_light(fake, photo.shape[1])) - wanted).abs().mean()

    def realness(self, batch: Images) -> Tensor:
        """The mean logit of the patches of each picture."""
        return by_picture(self.players["discriminator"](batch.pictures))

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead, and what is left of the content's difference."""
        content = f"content {losses['generator.content']:.2g}"
        if "discriminator.real" not in losses:
            return f"warming up: {content}"
        whole = {name: losses[name] / self._scale for name in ("discriminator.real", "discriminator.fake")}
        return f"{self._objective.reading(whole)}; {content}"
