"""Whether indices of the noise do what their labels say."""

import pytest
import torch

from sparring.games.disentangled import Disentangled
from tests.games.brightness import LEVELS, SPEC, Brightness, drawn, train


@pytest.mark.parametrize("tie", [1.0, 0.0])
def test_the_index_is_obeyed_if_it_is_tied(tie: float) -> None:
    torch.manual_seed(0)
    trainer, first, last = train(Disentangled(SPEC, network="dcgan", width=8, latent=4, tie=tie), 64 * 240)
    nearest = [(drawn(trainer, 64, {"brightness": value}).unsqueeze(1) - LEVELS).abs().argmin(1) for value in range(3)]
    obeyed = [float((found == value).double().mean()) for value, found in enumerate(nearest)]
    if tie:
        assert last["generator.tie"] < first["generator.tie"] / 2
        assert min(obeyed) > 0.9
    else:
        assert min(obeyed) < 0.5  # a third is chance


def test_fakes_are_made_with_the_factors_of_the_real_pictures() -> None:
    game = Disentangled(SPEC, network="mlp", width=4, latent=4)
    batch = Brightness().batch(0)
    round = game.prepare(batch)
    code = game.latent.code("brightness")
    assert torch.equal(code.read(round.latents[:, game.latent.columns("brightness")]), batch.factors[:, 0])
    assert torch.equal(round.factors, batch.factors)


def test_the_surprise_is_summed_over_factors() -> None:
    two = SPEC.model_copy(update={"factors": SPEC.factors * 2})
    game = Disentangled(two, network="mlp", width=4, latent=4)
    scores = torch.tensor([[2.0, 0.0, 0.0, 0.0, 0.0, 3.0]])
    alone = [-torch.tensor(own).log_softmax(0) for own in ([2.0, 0.0, 0.0], [0.0, 0.0, 3.0])]
    expected = alone[0][1] + alone[1][2]
    torch.testing.assert_close(game.surprise(scores, torch.tensor([[1, 2]])), expected.unsqueeze(0))


def test_the_reading_says_how_much_is_obeyed() -> None:
    game = Disentangled(SPEC, network="mlp", width=4, latent=4, tie=2.0)
    fair = {"discriminator.real": 0.5, "discriminator.fake": 0.5, "discriminator.factors": 0.0}
    assert game.reading(fair | {"generator.tie": 0.0}) == "balanced, 100% of the factors obeyed"
    assert game.reading(fair | {"generator.tie": 2 * 1.0986}) == "balanced, 0% of the factors obeyed"
