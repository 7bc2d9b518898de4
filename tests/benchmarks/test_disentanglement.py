"""The measure of disentanglement, on latents whose share is known."""

from math import log
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from benchmarks.disentanglement import Reader, lines_of, measure, mutual_information, rows_of
from sparring.data.spec import Factor, Spec
from sparring.games.base import Sampler
from sparring.nn.latents import Code, Latent

FACTORS = (Factor(name="colour", values=("red", "green", "blue")), Factor(name="size", values=("small", "large")))
CODES = tuple(Code(name=factor.name, kind="level", values=factor.values) for factor in FACTORS)
LATENT = Latent(distribution="uniform", noise=2, codes=CODES)


class Obedient:
    """Stands in for a classifier: reads from a "picture", which is the latent vector itself, what it shows."""

    def __init__(self, colour_from: str) -> None:
        self.names = (colour_from, "size")

    def read(self, latents: Tensor) -> Tensor:
        colour, size = (latents[:, LATENT.columns(name)] for name in self.names)
        return torch.stack([CODES[0].read(colour), CODES[1].read(size)], 1)


def measured_of(colour_from: str) -> tuple[Tensor, dict[str, float]]:
    product = Sampler(nn.Identity(), Spec(channels=1, height=1, width=4), LATENT)
    measured = measure(product, cast(Reader, Obedient(colour_from)), FACTORS, samples=6000)
    assert measured.names[:2] == ["colour", "size"]
    assert measured.floor < 0.02
    rows = rows_of(measured, FACTORS)
    assert "| game | colour |" in lines_of("game", [rows])[0]
    return measured.shares, measured.obeyed


def test_indices_that_are_obeyed_carry_all_and_leak_nothing() -> None:
    shares, obeyed = measured_of("colour")
    assert obeyed == {"colour": 1.0, "size": 1.0}
    torch.testing.assert_close(
        shares, torch.eye(2).repeat(2, 1)[:4] * torch.tensor([[1.0], [1], [0], [0]]), atol=0.02, rtol=0
    )


def test_an_index_that_does_anothers_work_is_seen() -> None:
    shares, obeyed = measured_of("size")
    assert shares[0].abs().max() < 0.02  # the colour's own index does nothing
    assert shares[1, 0] > 0.9  # that of the size does both
    assert obeyed["colour"] == pytest.approx(1 / 3, abs=0.03)


def test_mutual_information_of_known_pairs() -> None:
    torch.manual_seed(0)
    left = torch.arange(1200) % 4
    assert mutual_information(left, left) == pytest.approx(log(4))
    assert mutual_information(left, left // 2) == pytest.approx(log(2))
    assert mutual_information(left, torch.arange(1200) // 4 % 3) == pytest.approx(0, abs=1e-9)
