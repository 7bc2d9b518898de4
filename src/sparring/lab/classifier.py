"""A small classifier with or without batch norm: how it learns, and how it is asked in either mode."""

from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from sparring.data.batches import Labelled
from sparring.nn.norms import norm_layers
from sparring.seeds import mix

Kind = Literal["batch", "none"]
BATCH, EVERY, EARLY = 64, 20, 10
"""Pictures in a batch; steps between two looks at the test pictures; steps at the start with a look after each."""
GOAL = 0.9
"""The share of test pictures at which a classifier counts as having learnt."""


@dataclass(frozen=True)
class Course:
    """How one classifier learnt.

    Attributes:
        norm: `batch` or `none`.
        rate: the learning rate.
        steps: at which it was looked at.
        losses: mean training loss since the look before; not finite where it diverged.
        eval_accuracies: of the test pictures, with running statistics.
        train_accuracies: of the test pictures in batches of `BATCH`, with the batch's own statistics.
    """

    norm: Kind
    rate: float
    steps: tuple[int, ...]
    losses: tuple[float, ...]
    eval_accuracies: tuple[float, ...]
    train_accuracies: tuple[float, ...]

    @property
    def reached(self) -> int | None:
        """The first look at which `GOAL` of the test pictures were right; None: never."""
        return next((step for step, share in zip(self.steps, self.eval_accuracies, strict=True) if share >= GOAL), None)


def classifier(shape: tuple[int, int, int], classes: int, norm: Kind) -> nn.Sequential:
    """Three convolutions with stride 2, a hidden layer of 64, scores; with a norm behind each but the last.

    Args:
        shape: (channels, height, width) of the pictures.
        classes: how many.
        norm: where it is `batch`, the layers before have no bias, which the norm would take away again.

    >>> classifier((1, 28, 28), 10, "batch")(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    bias, layers = norm == "none", list[nn.Module]()
    for inputs, outputs in pairwise((shape[0], 8, 16, 32)):
        layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=bias), *norm_layers(norm, outputs)]
        layers += [nn.ReLU()]
    features = 32 * ceil(shape[1] / 8) * ceil(shape[2] / 8)
    layers += [nn.Flatten(), nn.Linear(features, 64, bias=bias), *norm_layers(norm, 64, flat=True), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(64, classes))


def learn(
    train: Labelled, test: Labelled, classes: int, norm: Kind, rate: float, seed: int, steps: int
) -> tuple[Course, nn.Module]:
    """Train a classifier by plain stochastic gradient descent; of one seed, all see the same batches.

    Args:
        train: pictures to learn from.
        test: others.
        classes: how many.
        norm: `batch` or `none`.
        rate: the learning rate.
        seed: of the weights at the start and of the batches.
        steps: how many.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(mix("batch norm", seed))
        channels, height, width = train.pictures.shape[1:]
        network = classifier((channels, height, width), classes, norm)
        torch.manual_seed(mix("batch norm batches", seed))  # whatever the weights have drawn
        looks: list[tuple[int, float, float, float]] = []
        losses: list[float] = []
        for step in range(1, steps + 1):
            losses.append(_step(network, train, rate))
            if step <= EARLY or step % EVERY == 0 or step == steps:
                looks.append((step, float(np.mean(losses)), accuracy(network, test), accuracy(network, test, BATCH)))
                losses.clear()
    return Course(norm, rate, *zip(*looks, strict=True)), network


def _step(network: nn.Module, train: Labelled, rate: float) -> float:
    """One step of stochastic gradient descent; the loss before it."""
    chosen = torch.randint(len(train), (BATCH,))
    loss = cross_entropy(network(train.pictures[chosen]), train.labels[chosen])
    parameters = list(network.parameters())
    with torch.no_grad():
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.sub_(rate * gradient)
    return loss.item()


@torch.no_grad()
def accuracy(network: nn.Module, test: Labelled, batch: int | None = None) -> float:
    """Share of pictures whose class has the highest score; the network is as it was afterwards.

    Args:
        network: a classifier.
        test: pictures, in the order in which batches are cut; a smaller last batch is left out.
        batch: None: in eval mode; otherwise in train mode, in batches of this size.
    """
    asked = deepcopy(network).train(batch is not None)  # in train mode even a look changes the running statistics
    size = len(test) if batch is None else min(batch, len(test))
    whole = len(test) - len(test) % size
    scores = torch.cat([asked(part) for part in torch.split(test.pictures[:whole], size)])
    return float((scores.argmax(1) == test.labels[:whole]).double().mean())
