"""Pictures in bfloat16."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sparring import games
from sparring.data.spec import Spec
from sparring.games.base import Sampler, sampler
from sparring.inference import quick, sample

SPEC = Spec(channels=3, height=16, width=16)


def product(spec: Spec = SPEC, **table: str) -> Sampler:
    torch.manual_seed(0)
    game = games.build(games.check({"name": "dcgan", **table})[0], spec)
    made = sampler(game.product(dict(game.players.items())))
    made.generator.eval()
    return made


@pytest.mark.parametrize("faster", [True, False])
def test_it_is_taken_if_it_is_faster(faster: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "_rate", lambda generator, latents: 1 + (generator_is_quick(generator) is faster))
    assert generator_is_quick(quick.quickened(product()).generator) is faster


def generator_is_quick(generator: nn.Module) -> bool:
    return isinstance(generator, quick.InBfloat16)


def test_nobody_sees_it() -> None:
    made = product()
    rounded = replace(made, generator=quick.InBfloat16(made.generator))
    one, other = (sample.array(each, 100, seed=3).astype(int) for each in (made, rounded))
    assert (one != other).any()
    assert np.abs(one - other).max() <= 4
    assert (sample.array(rounded, 3, seed=3, first=70) == other[70:73]).all()


def test_it_is_not_taken_if_one_would_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "_rate", lambda generator, latents: 1 + generator_is_quick(generator))
    made = product()
    assert quick.quickened(replace(made, generator=Wild())).generator.__class__ is Wild


class Wild(nn.Module):
    """Rounding its weight changes everything."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(100, 3 * 16 * 16)

    def forward(self, latents: Tensor) -> Tensor:
        return torch.sin(1000 * self.layer(latents)).view(-1, 3, 16, 16)


def test_points_are_left_alone() -> None:
    made = product(Spec(channels=2, height=1, width=1, bits=32), name="gan", network="points")
    assert quick.quickened(made) is made
