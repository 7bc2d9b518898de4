"""Whether games cover the modes of points that are known: minutes, so only on request."""

import pytest

from sparring.data.synthetic import PointSource
from sparring.inference import sample
from sparring.metrics.modes import Coverage, of_points
from sparring.runs.launch import resolve
from sparring.runs.prepare import prepare
from sparring.runs.session import Silent


def trained(recipe: str) -> Coverage:
    session = prepare(resolve(recipe), recipe, Silent())
    for _ in session.trainer.run(session.stream, session.recipe.images):
        pass
    source = session.dataset.source
    assert isinstance(source, PointSource)
    product = session.trainer.game.product(dict(session.trainer.averages.players.items()))
    return of_points(sample.array(product, 2500), source.modes, source.sigma)


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "modes"), [("ring8", 8), ("grid25", 25)])
def test_the_relativistic_game_covers_all_modes(recipe: str, modes: int) -> None:
    found = trained(recipe)
    assert found.covered == modes
    assert found.high_quality > 0.5
    assert found.reverse_kl < 0.25
