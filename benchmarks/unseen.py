"""Ways to break a run, and healthy ones, that no rule was found on: written down beforehand, and played once."""

from torch import Tensor

from benchmarks import harms
from benchmarks.ailments import (
    DIGITS,
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
    small,
    unequal,
)
from benchmarks.harms import drawn, given, lost, moved, phases, rate

THIRD = PICTURES // 3


def two_noises(latents: Tensor) -> Tensor:
    """Of every latent only whether its first number is positive."""
    return latents[:, :1].sign().expand_as(latents).contiguous()


TWO = lost("generator", harms.few_pictures(2), THIRD)

UNSEEN: dict[str, list[Case]] = {
    "mode collapse": [
        Case("only two sorts of noise", "relativistic", MNIST, given(two_noises)),
        Case(
            "drawn to two pictures from a third on", "dcgan", FASHION, lost("generator", harms.few_pictures(2), THIRD)
        ),
    ],
    "vanishing gradient": [
        Case("loss scaled away from a third on", "lsgan", DIGITS, lost("generator", harms.scaled(1e-9), THIRD)),
        Case("clipped to nothing", "wgan", MNIST, None, small("game.clip=1e-5", "game.norm=none")),
    ],
    "discriminator too strong": [
        Case("generator moves every 100th step", "hinge", FASHION, moved("generator", every=100)),
        Case("slow generator, fast discriminator", "infogan", MNIST, unequal(10, 0.02)),
    ],
    "discriminator too weak": [
        Case("it stands still", "hinge", DIGITS, rate("discriminator", 1e-4)),
        Case("it sees the mean alone", "relativistic", MNIST, given(harms.blind, "discriminator")),
    ],
    "discriminator overfits": [
        Case("100 pictures", "conditional", f"{MNIST}:100", None, MIDDLE),
        Case("60 pictures", "dcgan", f"{SHAPES}:60", None, (*MIDDLE, "batch_size=32")),
    ],
    "diverging": [
        Case("learning rate 0.3", "relativistic", DIGITS, None, small("optimizer.lr=0.3")),
        Case("rate 1,000 times higher from a third on", "lsgan", FASHION, both(1000, THIRD)),
    ],
    "oscillating": [
        Case("players take long turns", "infogan", FASHION, phases(8000), images=2 * PICTURES),
        Case("learning rates swing", "lsgan", MNIST, phases(9000, fast=10, slow=0.1), images=2 * PICTURES),
    ],
    "checkerboard": [
        Case("every second row and column weaker", "hinge", FASHION, grid(0.4, 2)),
        Case("transposed convolutions with kernels of 3", "dcgan", MNIST, UNEVEN),
    ],
    "copying": [
        Case("the nearest training picture is shown", "relativistic", f"{MNIST}:300", drawn(harms.copied)),
        Case("a training picture, a little darker", "dcgan", f"{DIGITS}:250", drawn(harms.darker)),
    ],
    "label ignored": [
        Case("generator is not told", "conditional", DIGITS, harms.no_classes),
        Case("classes weigh nothing", "auxiliary", MNIST, None, small("game.class_weight=1e-6")),
    ],
    "statistics mismatch": [
        Case("running statistics too slow", "infogan", FASHION, harms.momentum(1e-5)),
        Case("average forgotten after a thirtieth", "dcgan", MNIST, harms.forgotten_average(PICTURES // 30)),
    ],
    "plateau": [
        Case("learning rate 1e-7", "lsgan", FASHION, None, small("optimizer.lr=1e-7")),
        Case("weights frozen after a twentieth", "hinge", MNIST, both(0, PICTURES // 20)),
    ],
    "healthy": [
        as_it_is("gan", FASHION, images=4 * VECTORS),
        as_it_is("dcgan", FASHION, *MIDDLE, "game.network=dcgan-resize"),
        as_it_is("lsgan", SHAPES, *MIDDLE),
        as_it_is("wgan", FASHION, *small(), images=2 * PICTURES),
        as_it_is("wgan-gp", SHAPES, *small(), images=2 * PICTURES),
        as_it_is("infogan", SHAPES, *MIDDLE),
        as_it_is("auxiliary", SHAPES, *MIDDLE),
        as_it_is("vae", MNIST, *MIDDLE),
        as_it_is("projection", FASHION, *small()),
        as_it_is("projection", MNIST, *small()),
        as_it_is("relativistic-projection", FASHION, *small()),
        as_it_is("semi-supervised", FASHION, "data.labelled=100"),
    ],
}
"""By the verdict that the doctor should give."""
