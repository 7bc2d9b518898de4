"""Ways to break a run on recipes and sets that no rule was found on, and healthy ones: written down beforehand."""

from torch import Tensor

from benchmarks import harms
from benchmarks.ailments import (
    DIGITS,
    EVEN,
    FASHION,
    MIDDLE,
    MNIST,
    PICTURES,
    SHAPES,
    UNEVEN,
    VECTORS,
    Case,
    as_it_is,
    both,
    grid,
    long,
    of_vectors,
    small,
    unequal,
)
from benchmarks.harms import drawn, given, lost, phases, rate

HALF = PICTURES // 2


def four_noises(latents: Tensor) -> Tensor:
    """Of every latent only whether its first two numbers are positive."""
    return latents[:, :2].sign().repeat(1, latents.shape[1] // 2).contiguous()


UNSEEN: dict[str, list[Case]] = {
    "mode collapse": [long("only four sorts of noise", "relativistic", DIGITS, harm=given(four_noises))],
    "vanishing gradient": [
        Case("loss scaled away from half on", "infogan", FASHION, lost("generator", harms.scaled(1e-8), HALF))
    ],
    "discriminator too strong": [Case("slow generator, fast discriminator", "lsgan", SHAPES, unequal(10, 0.02))],
    "discriminator too weak": [Case("it stands still", "relativistic", FASHION, rate("discriminator", 1e-4))],
    "discriminator overfits": [Case("70 pictures", "conditional", f"{FASHION}:70", None, MIDDLE)],
    "diverging": [Case("rate 1,000 times higher from half on", "dcgan", SHAPES, both(1000, HALF))],
    "oscillating": [Case("players take long turns", "conditional", DIGITS, phases(9000), images=2 * PICTURES)],
    "checkerboard": [
        Case("every fourth row and column weaker", "relativistic", FASHION, grid(0.5, 4)),
        Case("transposed convolutions with kernels of 3", "lsgan", DIGITS, UNEVEN),
    ],
    "copying": [Case("the nearest training picture is shown", "conditional", f"{FASHION}:400", drawn(harms.copied))],
    "label ignored": [Case("labels of other pictures", "projection", MNIST, harms.shuffled_labels)],
    "statistics mismatch": [Case("average without running statistics", "hinge", FASHION, harms.stale_statistics)],
    "plateau": [of_vectors("learning rate 1e-7", MNIST, None, "optimizer.lr=1e-7")],
    "healthy": [
        as_it_is("wgan", SHAPES, *small(), images=2 * PICTURES),
        as_it_is("hinge", SHAPES, *EVEN),
        as_it_is("gan", SHAPES, images=4 * VECTORS),
        as_it_is("dcgan", MNIST, *EVEN),
        as_it_is("lsgan", DIGITS, *EVEN),
        as_it_is("vae", SHAPES, *MIDDLE),
        as_it_is("relativistic-projection", MNIST, *small()),
        as_it_is("relativistic", FASHION, *MIDDLE),
        as_it_is("conditional", FASHION, *EVEN),
        as_it_is("infogan", MNIST, *EVEN),
    ],
}
"""By the verdict that the doctor should give."""
