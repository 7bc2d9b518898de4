"""The losses of pix2pix-HD by hand, at each of its scales."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.picture_to_picture import Round
from sparring.translators.patch import PatchDiscriminator
from sparring.translators.scales import Scales
from tests.games.test_translation import build, paired, squares, terms_of


def spec_of(side: int) -> Spec:
    return Spec(channels=3, height=side, width=side, inputs=Spec(channels=1, height=side, width=side))


class Tiny(nn.Module):
    """Two discriminators without weights: what they see can be told in one's head."""

    def forward(self, pairs: Tensor) -> list[list[Tensor]]:
        mean = pairs.mean(1, keepdim=True)
        return [[2 * pairs, pairs.abs(), mean], [pairs[:, :1] + pairs[:, 1:], torch.ones_like(mean)]]


def test_the_terms_with_a_discriminator_that_can_be_told_in_ones_head() -> None:
    game = build("pix2pix-hd", spec_of(16))
    game.players["discriminator"] = Tiny()
    source, real, fake = (torch.full((2, 1, 4, 4), value) for value in (0.0, 0.5, -0.5))
    prepared = Round(source, real, fake)
    # half the channels are the source's, which are alike: 2 * |0.5 + 0.5| / 2, | |0.5| - |-0.5| |, and |0.5 + 0.5|
    features = 10 * (1.0 + 0.0 + 1.0)
    assert terms_of(game, prepared, "generator") == pytest.approx(
        {"adversarial": (-0.25 - 1) ** 2 + (1 - 1) ** 2, "features": features}
    )
    assert terms_of(game, prepared, "discriminator") == pytest.approx(
        {"real": (0.25 - 1) ** 2 / 2 + 0, "fake": 0.25**2 / 2 + 1 / 2}
    )


def halves(pictures: Tensor) -> Tensor:
    """The mean of each two by two pixels."""
    n, c, h, w = pictures.shape
    return pictures.reshape(n, c, h // 2, 2, w // 2, 2).mean((3, 5))


@pytest.mark.parametrize("scales", [1, 2, 3])
def test_the_terms_are_sums_over_the_scales(scales: int) -> None:
    spec = spec_of(32)
    game = build("pix2pix-hd", spec, norm="none", patch=16, feature_weight=3, scales=scales)
    batch = paired(spec=spec)
    discriminators = game.players["discriminator"]
    assert isinstance(discriminators, Scales) and len(discriminators.judges) == scales
    fake = game.players["generator"](batch.inputs)
    pairs = {
        "real": torch.cat([batch.inputs, batch.pictures], 1),
        "fake": torch.cat([batch.inputs, fake], 1),
    }
    expected = {"real": 0.0, "fake": 0.0, "adversarial": 0.0, "features": 0.0}
    for judge in discriminators.judges:
        assert isinstance(judge, PatchDiscriminator)
        first, _, second, _, last = judge.layers
        one = {name: leaky_relu(first(shown), 0.2) for name, shown in pairs.items()}
        two = {name: leaky_relu(second(stage), 0.2) for name, stage in one.items()}
        logits = {name: last(stage) for name, stage in two.items()}
        expected["real"] += squares(logits["real"], 1) / 2
        expected["fake"] += squares(logits["fake"], 0) / 2
        expected["adversarial"] += squares(logits["fake"], 1)
        for stage in (one, two):
            expected["features"] += 3 * float((stage["real"] - stage["fake"]).abs().mean().detach())
        pairs = {name: halves(shown) for name, shown in pairs.items()}
    prepared = game.prepare(batch)
    found = terms_of(game, prepared, "discriminator") | terms_of(game, prepared, "generator")
    assert found == pytest.approx(expected, rel=1e-4)


def test_what_is_seen_in_true_pictures_is_a_target() -> None:
    game, batch = build("pix2pix-hd"), paired()
    batch.pictures.requires_grad_()
    (move,) = [one for one in game.moves() if one.name == "generator"]
    terms = move.loss(game.prepare(batch))
    torch.autograd.backward(terms["features"])
    assert batch.pictures.grad is None
    assert all(weight.grad is not None for weight in game.players["generator"].parameters())


def test_patches_that_small_pictures_have_no_room_for_cost_a_scale_and_then_are_refused() -> None:
    def count(side: int, **options: int) -> int:
        return len(build("pix2pix-hd", spec_of(side), **options).players["discriminator"].judges)  # type: ignore[arg-type]

    assert [count(side) for side in (8, 16, 32, 64)] == [1, 2, 3, 3]
    assert [count(64, patch=patch) for patch in (16, 34, 70, 142)] == [3, 3, 2, 1]
    assert count(64, scales=2) == 2
    with pytest.raises(UsageError, match=r"game.patch=286 needs pictures of 96 pixels a side, these have 64"):
        count(64, patch=286)
