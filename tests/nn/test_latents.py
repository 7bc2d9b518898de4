"""Codes behind the noise: written and read, drawn and numbered."""

from typing import Literal

import pytest
import torch

from sparring.nn.latents import Code, Latent, Levels

DIGIT = Code(name="digit", kind="one-hot", values=tuple("0123456789"))
STYLE = Code(name="style", kind="one-hot", values=("thin", "bold", "slanted"))
COLOUR = Code(name="colour", kind="level", values=("red", "green", "blue", "grey", "pink", "black"))
SLANT = Code(name="slant", kind="uniform")
LATENT = Latent(distribution="uniform", noise=5, codes=(DIGIT, COLOUR, STYLE, SLANT))


@pytest.mark.parametrize("code", [DIGIT, STYLE, COLOUR])
def test_what_is_written_can_be_read(code: Code) -> None:
    torch.manual_seed(0)
    values = torch.randint(len(code.values), (1000,))
    columns = code.write(values, torch.rand(1000))
    assert columns.shape == (1000, code.columns)
    assert torch.equal(code.read(columns), values)


def test_the_ends_of_a_level_are_read_as_its_first_and_last_value() -> None:
    assert COLOUR.read(torch.tensor([[-1.0], [1.0], [-1.1], [1.1]])).tolist() == [0, 5, 0, 5]


def test_columns_follow_each_other() -> None:
    assert [LATENT.columns(code.name) for code in LATENT.codes] == [
        slice(5, 15),
        slice(15, 16),
        slice(16, 19),
        slice(19, 20),
    ]
    assert (LATENT.coded, LATENT.size) == (15, 20)
    with pytest.raises(KeyError):
        LATENT.columns("shape")


def test_codes_are_drawn_with_the_values_that_are_given() -> None:
    torch.manual_seed(0)
    digits, colours = torch.arange(500) % 10, torch.arange(500) % 6
    latents = LATENT.draw(500, values={"digit": digits, "colour": colours})
    assert latents.shape == (500, 20)
    assert torch.equal(DIGIT.read(latents[:, LATENT.columns("digit")]), digits)
    assert torch.equal(COLOUR.read(latents[:, LATENT.columns("colour")]), colours)
    styles = STYLE.read(latents[:, LATENT.columns("style")])
    assert torch.bincount(styles, minlength=3).min() > 120  # not given: at random


def test_a_level_is_uniform_noise() -> None:
    torch.manual_seed(0)
    level = LATENT.draw(60_000)[:, LATENT.columns("colour")].squeeze(1)
    assert float(level.min()) >= -1 and float(level.max()) <= 1
    parts = torch.bincount(((level + 1) * 10).long().clamp(0, 19), minlength=20)  # borders that no value has
    assert float((parts - 3000).abs().max()) < 5 * 3000**0.5


def test_numbered_codes_depend_on_seed_and_number_alone() -> None:
    many = LATENT.numbered(3, 0, 70)
    torch.testing.assert_close(many[61:66], LATENT.numbered(3, 61, 5), rtol=0, atol=0)
    assert not torch.equal(many[:, 15], LATENT.numbered(4, 0, 70)[:, 15])
    torch.manual_seed(9)
    assert torch.equal(many, LATENT.numbered(3, 0, 70))


def test_the_values_of_one_hot_codes_take_turns() -> None:
    latents = LATENT.numbered(1, 0, 60)
    digits = DIGIT.read(latents[:, LATENT.columns("digit")])
    styles = STYLE.read(latents[:, LATENT.columns("style")])
    assert digits.tolist() == list(range(10)) * 6
    assert styles.tolist() == [number // 10 % 3 for number in range(60)]


def test_numbered_levels_are_uniform_too() -> None:
    levels = LATENT.numbered(1, 0, 3000)[:, LATENT.columns("colour")].squeeze(1)
    counts = torch.bincount(COLOUR.read(levels.unsqueeze(1)), minlength=6)
    assert counts.min() > 400
    assert float(levels.std()) == pytest.approx(3**-0.5, abs=0.03)


def test_a_value_that_is_asked_for_changes_nothing_else() -> None:
    plain, red = LATENT.numbered(1, 0, 40), LATENT.numbered(1, 0, 40, {"colour": 2})
    assert set(COLOUR.read(red[:, LATENT.columns("colour")]).tolist()) == {2}
    others = [column for column in range(LATENT.size) if column != LATENT.columns("colour").start]
    assert torch.equal(plain[:, others], red[:, others])
    bold = LATENT.numbered(1, 0, 40, {"style": 1})
    assert set(STYLE.read(bold[:, LATENT.columns("style")]).tolist()) == {1}
    assert torch.equal(bold[:, :16], plain[:, :16])


def test_noise_is_the_same_with_and_without_codes() -> None:
    alone = Latent(distribution="uniform", noise=5)
    assert torch.equal(alone.numbered(1, 0, 8), LATENT.numbered(1, 0, 8)[:, :5])


@pytest.mark.parametrize(("distribution", "fourth"), [("normal", 3.0), ("uniform", 1 / 5)])
def test_numbered_noise_has_its_distribution(distribution: Literal["normal", "uniform"], fourth: float) -> None:
    noise = Latent(distribution=distribution, noise=7).numbered(2, 0, 30_000).double()
    variance = 1.0 if distribution == "normal" else 1 / 3
    assert noise.mean(0).abs().max() < 0.03
    assert (noise.var(0) - variance).abs().max() < 0.03
    assert float((noise**4).mean()) == pytest.approx(fourth, rel=0.03)
    assert (torch.corrcoef(noise.T) - torch.eye(7)).abs().max() < 0.03  # numbers of a picture
    assert (torch.corrcoef(torch.stack([noise[1:, 0], noise[:-1, 0]]))[0, 1]).abs() < 0.03  # neighbours
    if distribution == "uniform":
        assert -1 <= noise.min() < -0.999 and 0.999 < noise.max() < 1


def test_a_generator_is_given_levels_by_their_values() -> None:
    torch.manual_seed(0)
    values = torch.arange(12) % 6
    latents = LATENT.draw(12, values={"colour": values})
    levels = Levels(LATENT)
    seen = levels(latents)
    assert seen.shape == (12, levels.noise + levels.coded) == (12, 25)
    assert torch.equal(seen[:, :15], latents[:, :15])  # noise and digit
    assert torch.equal(seen[:, 15:21], torch.eye(6)[values])
    assert torch.equal(seen[:, 21:], latents[:, 16:])  # style and slant
