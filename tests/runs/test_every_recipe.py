"""Every recipe trains from what is embedded, in seconds."""

from pathlib import Path

import numpy as np
import pytest

import sparring
from sparring import games
from sparring.data.batches import Paired, Unpaired
from sparring.games.picture_to_picture import Translation
from sparring.recipes import read_recipe, recipe_names
from sparring.runs.launch import train

EMBEDDED = {"disentangled": "shapes"}


@pytest.mark.parametrize("name", recipe_names())
def test_it_trains_and_ships_a_model(name: str, tmp_path: Path) -> None:
    own = read_recipe(name).get("data", {}).get("path")
    game = read_recipe(name)["game"]["name"]
    translates = issubclass(games.find(game).takes, Paired | Unpaired)
    options = read_recipe(name)["game"].keys() | games.check({"name": game})[0].keys()
    more = ["data.pairs=gray"] if translates else ["game.latent=8"] if "latent" in options else []
    more += ["game.perceptual=random"] if "perceptual" in options else []  # nothing is trained before
    small = ("batch_size=16", "game.width=4", *more)
    data = own or EMBEDDED.get(name, "digits")
    outcome = train(name, *small, data=data, runs=tmp_path, name="run", images=64)
    assert outcome.finished
    model = sparring.load(outcome.folder)
    if isinstance(model.product, Translation):
        to = model.product.domains[0] if model.product.domains else None
        assert model.translate(np.zeros((20, 30, 1), np.uint8), to).shape == (20, 30, 1)
    else:
        assert len(model.sample(3, seed=1)) == 3
