"""Recipes and settings: what is right resolves, what is wrong is said, all of it at once."""

from pathlib import Path
from typing import get_args

import pytest

from sparring import games, networks
from sparring.config import to_toml
from sparring.errors import UsageError
from sparring.games.noise_to_image import Aids
from sparring.objectives import adversarial
from sparring.recipes import override, read_recipe, recipe_names
from sparring.registry import names
from sparring.runs.launch import resolve


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_resolves_and_survives_its_own_file(name: str, tmp_path: Path) -> None:
    recipe = resolve(name)
    assert recipe.about
    assert recipe.source
    path = tmp_path / "again.toml"
    path.write_text(to_toml(recipe))
    assert resolve(str(path)) == recipe
    assert recipe.game["name"] in games.names()


def test_the_notes_own_gan_is_as_they_have_it() -> None:
    recipe = resolve("gan")
    assert recipe.game == {
        "name": "gan",
        "network": "mlp",
        "latent": 100,
        "width": 32,
        "objective": "non-saturating",
        "real_label": 0.9,
        "aids": Aids().model_dump(),
    }
    assert recipe.optimizer.lr == 2e-3


def test_all_errors_at_once_each_with_its_path_and_a_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        resolve("dcgan", ["optimizer.lrr=3", "optimizer.lr=fast", "game.widht=3", "batch_size=0", "sed=1"])
    lines = str(caught.value).splitlines()
    assert len(lines) == 5
    text = "\n".join(lines)
    assert "optimizer.lrr: unknown key, did you mean 'lr'?" in text
    assert "game.widht: unknown key, did you mean 'width'?" in text
    assert "sed: unknown key, did you mean 'seed'?" in text
    assert "batch_size: input should be greater than or equal to 1, got 0" in text
    assert "optimizer.lr:" in text


@pytest.mark.parametrize(
    ("recipe", "settings", "said"),
    [
        ("dcgna", [], "did you mean 'dcgan'?"),
        ("dcgan", ["seed"], "not key=value"),
        ("dcgan", ["seed.low=1"], "'seed' is a value"),
        ("dcgan", ["game.name=gam"], "did you mean 'gan'?"),
        ("dcgan", ["schedule.decay_from=5000"], "should be less than 1, got 5000"),
        ("dcgan", ["optimizer.lr=nan"], "finite number"),
        ("nowhere.toml", [], "no recipe file nowhere.toml"),
    ],
)
def test_wrong_requests(recipe: str, settings: list[str], said: str) -> None:
    settings = ["seed=1", *settings] if "seed.low=1" in settings else settings
    with pytest.raises(UsageError, match=said):
        resolve(recipe, settings)


def test_a_budget_on_the_command_line_replaces_that_of_the_recipe() -> None:
    assert resolve("gan", minutes=1.5).images is None
    assert resolve("gan", ["minutes=2"], images=100).minutes is None
    assert (resolve("gan", images=100, minutes=2.0).images, resolve("gan").minutes) == (100, None)


def test_no_budget_at_all_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "endless.toml").write_text('[game]\nname = "gan"\n')
    with pytest.raises(UsageError, match="no budget"):
        resolve(str(tmp_path / "endless.toml"))


def test_a_data_folder_may_look_like_a_number() -> None:
    assert resolve("gan", data="2024", images=1).data.path == "2024"


def test_override_leaves_the_recipe_alone() -> None:
    raw = read_recipe("dcgan")
    override(raw, {"optimizer.lr": 1.0, "game.width": 8})
    assert raw == read_recipe("dcgan")


def test_a_broken_recipe_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("game = [")
    with pytest.raises(UsageError, match=r"broken\.toml"):
        resolve(str(path))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("lr=1e-4", "lr: unknown key, did you mean 'optimizer.lr'?"),
        ("width=48", "width: unknown key, did you mean 'game.width'?"),
        ("size=32", "size: unknown key, did you mean 'data.size'?"),
        ("data.size=abc", "data.size: input should be a valid integer"),
        ("data.size=70000", "data.size: input should be less than or equal to 65536"),
        ("game.latent=70000", "game.latent: input should be less than or equal to 65536"),
    ],
)
def test_likely_mistakes_are_understood(setting: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve("dcgan", [setting])
    assert said in str(caught.value)
    assert "constrained" not in str(caught.value)


def test_every_malformed_pair_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        resolve("dcgan", ["seed", "width", "batch_size=4"])
    assert len(str(caught.value).splitlines()) == 2


def test_a_value_where_a_table_is() -> None:
    with pytest.raises(UsageError, match="'data' is a value, not a table"):
        resolve("dcgan", ["data=photos"], data="digits")


def test_the_names_in_options_are_those_of_the_registry() -> None:
    assert set(get_args(networks.Name)) == set(names("sparring.networks"))
    assert set(get_args(adversarial.Name)) == set(adversarial.OBJECTIVES)
