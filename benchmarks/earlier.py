"""Further ways to break a run, and healthy ones: once kept apart, now among those that rules were found on."""

import torch
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
    small,
    unequal,
)
from benchmarks.harms import drawn, given, lost, phases

HALF = PICTURES // 2


def three_noises(latents: Tensor) -> Tensor:
    """Of every latent only which third of the numbers its first one is in."""
    thirds = torch.bucketize(latents[:, :1].contiguous(), torch.tensor([-0.43, 0.43]))  # of N(0, 1)
    return thirds.float().sub(1).expand_as(latents).contiguous()


EARLIER: dict[str, list[Case]] = {
    "mode collapse": [
        Case("only three sorts of noise", "wgan-gp", DIGITS, given(three_noises)),
        Case("pulled together from half on", "lsgan", SHAPES, lost("generator", harms.pull_together(300), HALF)),
    ],
    "vanishing gradient": [
        Case("loss scaled away from half on", "wgan-gp", DIGITS, lost("generator", harms.scaled(1e-8), HALF)),
        Case("pictures are rounded", "dcgan", SHAPES, drawn(harms.rounded)),
    ],
    "discriminator too strong": [
        Case("slow generator, fast discriminator", "hinge", FASHION, unequal(10, 0.02)),
        Case("fakes carry a stamp", "lsgan", DIGITS, drawn(harms.stamped)),
    ],
    "discriminator too weak": [
        Case("it sees the mean alone", "hinge", FASHION, given(harms.blind, "discriminator")),
        Case("it starts anew", "lsgan", DIGITS, harms.forgetful(3)),
    ],
    "discriminator overfits": [
        Case("100 pictures", "lsgan", f"{SHAPES}:100", None, (*MIDDLE, "game.norm=none")),
        Case("80 pictures", "auxiliary", f"{FASHION}:80", None, MIDDLE),
    ],
    "diverging": [
        Case("learning rate 0.2", "lsgan", FASHION, None, small("optimizer.lr=0.2")),
        Case("rate 1,000 times higher from half on", "hinge", MNIST, both(1000, HALF)),
    ],
    "oscillating": [
        Case("players take long turns", "relativistic", FASHION, phases(10_000), images=2 * PICTURES),
        Case("learning rates swing", "dcgan", MNIST, phases(10_000, fast=10, slow=0.1), images=2 * PICTURES),
    ],
    "checkerboard": [
        Case("every fourth row and column weaker", "lsgan", MNIST, grid(0.45, 4)),
        Case("transposed convolutions with kernels of 3", "infogan", MNIST, UNEVEN),
    ],
    "copying": [
        Case("the nearest training picture is shown", "infogan", f"{FASHION}:300", drawn(harms.copied)),
        Case("a training picture, a little darker", "lsgan", f"{DIGITS}:200", drawn(harms.darker)),
    ],
    "label ignored": [
        Case("generator is not told", "relativistic-projection", FASHION, harms.no_classes),
        Case("labels of other pictures", "auxiliary", FASHION, harms.shuffled_labels),
    ],
    "statistics mismatch": [
        Case("average without running statistics", "lsgan", DIGITS, harms.stale_statistics),
        Case("average forgotten after a thirtieth", "infogan", FASHION, harms.forgotten_average(PICTURES // 30)),
    ],
    "plateau": [
        Case("learning rate gone after a twentieth", "lsgan", SHAPES, both(1e-5, PICTURES // 20)),
        Case("learning rate 1e-7", "wgan-gp", DIGITS, None, small("optimizer.lr=1e-7")),
    ],
    "healthy": [
        as_it_is("lsgan", FASHION, *MIDDLE),
        as_it_is("hinge", MNIST, *EVEN),
        as_it_is("wgan", DIGITS, *small(), images=2 * PICTURES),
        as_it_is("wgan-gp", FASHION, *small(), images=2 * PICTURES),
        as_it_is("relativistic", SHAPES, *small()),
        as_it_is("infogan", FASHION, *MIDDLE),
        as_it_is("auxiliary", DIGITS, *MIDDLE),
        as_it_is("conditional", SHAPES, *MIDDLE),
        as_it_is("gan", MNIST, images=4 * VECTORS),
        as_it_is("vae", DIGITS, *MIDDLE),
    ],
}
"""By the verdict that the doctor should give."""
