"""Every recipe trains from what is embedded, in seconds."""

from pathlib import Path

import pytest

import sparring
from sparring.recipes import read_recipe, recipe_names
from sparring.runs.launch import train

EMBEDDED = {"disentangled": "shapes"}


@pytest.mark.parametrize("name", recipe_names())
def test_it_trains_and_ships_a_model(name: str, tmp_path: Path) -> None:
    own = read_recipe(name).get("data", {}).get("path")
    small = ("batch_size=16", "game.width=4", "game.latent=8")
    data = own or EMBEDDED.get(name, "digits")
    outcome = train(name, *small, data=data, runs=tmp_path, name="run", images=64)
    assert outcome.finished
    pictures = sparring.load(outcome.folder).sample(3, seed=1)
    assert len(pictures) == 3
