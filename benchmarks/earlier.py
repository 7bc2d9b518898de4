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
    long,
    small,
    unequal,
)
from benchmarks.harms import drawn, given, lost, moved, phases, rate

THIRD, HALF = PICTURES // 3, PICTURES // 2


def three_noises(latents: Tensor) -> Tensor:
    """Of every latent only which third of the numbers its first one is in."""
    thirds = torch.bucketize(latents[:, :1].contiguous(), torch.tensor([-0.43, 0.43]))  # of N(0, 1)
    return thirds.float().sub(1).expand_as(latents).contiguous()


def two_noises(latents: Tensor) -> Tensor:
    """Of every latent only whether its first number is positive."""
    return latents[:, :1].sign().expand_as(latents).contiguous()


EARLIER: dict[str, list[Case]] = {
    "mode collapse": [
        long("only three sorts of noise", "wgan-gp", DIGITS, harm=given(three_noises)),
        Case("pulled together from half on", "lsgan", SHAPES, lost("generator", harms.pull_together(300), HALF)),
        long("only two sorts of noise", "relativistic", MNIST, harm=given(two_noises)),
        Case(
            "drawn to two pictures from a third on", "dcgan", FASHION, lost("generator", harms.few_pictures(2), THIRD)
        ),
    ],
    "vanishing gradient": [
        Case("loss scaled away from half on", "wgan-gp", DIGITS, lost("generator", harms.scaled(1e-8), HALF)),
        Case("pictures are rounded", "dcgan", SHAPES, drawn(harms.rounded)),
        Case("loss scaled away from a third on", "lsgan", DIGITS, lost("generator", harms.scaled(1e-9), THIRD)),
        Case("clipped to nothing", "wgan", MNIST, None, small("game.clip=1e-5", "game.norm=none")),
    ],
    "discriminator too strong": [
        Case("slow generator, fast discriminator", "hinge", FASHION, unequal(10, 0.02)),
        Case("fakes carry a stamp", "lsgan", DIGITS, drawn(harms.stamped)),
        Case("generator moves every 100th step", "hinge", FASHION, moved("generator", every=100)),
        Case("slow generator, fast discriminator", "infogan", MNIST, unequal(10, 0.02)),
    ],
    "discriminator too weak": [
        Case("it sees the mean alone", "hinge", FASHION, given(harms.blind, "discriminator")),
        Case("it starts anew", "lsgan", DIGITS, harms.forgetful(3)),
        Case("it stands still", "hinge", DIGITS, rate("discriminator", 1e-4)),
        Case("it sees the mean alone", "relativistic", MNIST, given(harms.blind, "discriminator")),
    ],
    "discriminator overfits": [
        Case("100 pictures", "lsgan", f"{SHAPES}:100", None, (*MIDDLE, "game.norm=none")),
        Case("80 pictures", "auxiliary", f"{FASHION}:80", None, MIDDLE),
        Case("100 pictures", "conditional", f"{MNIST}:100", None, MIDDLE),
        Case("60 pictures", "dcgan", f"{SHAPES}:60", None, (*MIDDLE, "batch_size=32")),
    ],
    "diverging": [
        long("learning rate 0.2", "lsgan", FASHION, "optimizer.lr=0.2"),
        Case("rate 1,000 times higher from half on", "hinge", MNIST, both(1000, HALF)),
        long("learning rate 0.3", "relativistic", DIGITS, "optimizer.lr=0.3"),
        Case("rate 1,000 times higher from a third on", "lsgan", FASHION, both(1000, THIRD)),
    ],
    "oscillating": [
        Case("players take long turns", "relativistic", FASHION, phases(10_000), images=2 * PICTURES),
        Case("learning rates swing", "dcgan", MNIST, phases(10_000, fast=10, slow=0.1), images=2 * PICTURES),
        Case("players take long turns", "infogan", FASHION, phases(8000), images=2 * PICTURES),
        Case("learning rates swing", "lsgan", MNIST, phases(9000, fast=10, slow=0.1), images=2 * PICTURES),
    ],
    "checkerboard": [
        Case("every fourth row and column weaker", "lsgan", MNIST, grid(0.45, 4)),
        Case("transposed convolutions with kernels of 3", "infogan", MNIST, UNEVEN),
        Case("every second row and column weaker", "hinge", FASHION, grid(0.4, 2)),
        Case("transposed convolutions with kernels of 3", "dcgan", MNIST, UNEVEN),
    ],
    "copying": [
        Case("the nearest training picture is shown", "infogan", f"{FASHION}:300", drawn(harms.copied)),
        Case("a training picture, a little darker", "lsgan", f"{DIGITS}:200", drawn(harms.darker)),
        Case("the nearest training picture is shown", "relativistic", f"{MNIST}:300", drawn(harms.copied)),
        Case("a training picture, a little darker", "dcgan", f"{DIGITS}:250", drawn(harms.darker)),
    ],
    "label ignored": [
        Case("generator is not told", "relativistic-projection", FASHION, harms.no_classes),
        Case("labels of other pictures", "auxiliary", FASHION, harms.shuffled_labels),
        Case("generator is not told", "conditional", DIGITS, harms.no_classes),
        Case("classes weigh nothing", "auxiliary", MNIST, None, small("game.class_weight=1e-6")),
    ],
    "statistics mismatch": [
        Case("average without running statistics", "lsgan", DIGITS, harms.stale_statistics),
        Case("average forgotten after a thirtieth", "infogan", FASHION, harms.forgotten_average(PICTURES // 30)),
        Case("running statistics too slow", "infogan", FASHION, harms.momentum(1e-5)),
        Case("average forgotten after a thirtieth", "dcgan", MNIST, harms.forgotten_average(PICTURES // 30)),
    ],
    "plateau": [
        Case("learning rate gone after a twentieth", "lsgan", SHAPES, both(1e-5, PICTURES // 20)),
        Case("learning rate 1e-7", "wgan-gp", DIGITS, None, small("optimizer.lr=1e-7")),
        Case("learning rate 1e-7", "lsgan", FASHION, None, small("optimizer.lr=1e-7")),
        Case("weights frozen after a twentieth", "hinge", MNIST, both(0, PICTURES // 20)),
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
        as_it_is("gan", FASHION, images=4 * VECTORS),
        as_it_is("dcgan", FASHION, *MIDDLE, "game.network=dcgan-resize"),
        as_it_is("lsgan", SHAPES, *MIDDLE),
        as_it_is("wgan", FASHION, *small(), images=2 * PICTURES),
        as_it_is("wgan-gp", SHAPES, *small(), images=2 * PICTURES),
        as_it_is("infogan", SHAPES, *MIDDLE),
        as_it_is("auxiliary", SHAPES, *MIDDLE),
        as_it_is("vae", MNIST, *MIDDLE),
        as_it_is("projection", FASHION, *MIDDLE, images=2 * PICTURES),
        as_it_is("projection", MNIST, *MIDDLE, images=2 * PICTURES),
        as_it_is("relativistic-projection", FASHION, *small()),
        as_it_is("semi-supervised", FASHION, "data.labelled=100"),
    ],
}
"""By the verdict that the doctor should give."""
